import { assert, assertEquals, assertMatch } from "@std/assert";
import { copiesOf } from "../../lib/models/tensors/tensor.ts";
import type { Tensor } from "../../lib/models/tensors/tensor.ts";
import { highestOf } from "../../lib/engines/loading/turns.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { estimate } from "../../lib/mod.ts";
import { phase, said } from "./answers.ts";
import { played } from "./played.ts";
import loads from "../truth/loading.json" with { type: "json" };

/** How far what was traced may be off. */
const TOLERANCE = 0.001;

for (const { name, scenario, bytes } of loads) {
  Deno.test(`loading reaches what it was traced at: ${name}`, () => {
    const answer = estimate(scenario as unknown as ScenarioInput);
    assertEquals(answer.method, "timeline", answer.warnings.join("\n"));
    const off = [
      { each: "loading", told: loading(answer), traced: bytes.loading },
      { each: "load", told: phase(answer, "load"), traced: bytes.load },
    ].filter(({ told, traced }) => Math.abs(told / traced - 1) > TOLERANCE);
    assertEquals(off, []);
  });
}

/** The phase where it is told, else what stands after it: as much. */
function loading({ memory }: Estimate): number {
  const named = (name: string) =>
    memory.phases?.find((each) => each.name === name)?.peak_bytes;
  return named("loading") ?? named("load") ?? 0;
}

const MIXTRAL: ScenarioInput = {
  model: "mistralai/Mixtral-8x7B-v0.1",
  hardware: { gpu: "H200" },
  precision: { autocast: "bf16" },
  train: { method: "lora", checkpointing: "full", sequence_length: 128 },
};

/** A layer's gate and up projections, of all experts. */
const GATES = 2 * 8 * 2 * 14336 * 4096;

Deno.test("experts that are merged while no step takes as much decide the peak", () => {
  const answer = estimate(MIXTRAL);
  const { memory } = answer;
  const adapters = played(MIXTRAL).plan.inventory.items
    .filter(({ isAdapter }) => isAdapter)
    .reduce(
      (sum, { tensor, pieces }) => sum + copiesOf(tensor) * (pieces[0] ?? 0),
      0,
    );
  const weights = 2 * answer.model.parameters;
  assertEquals(memory.allocated_peak_bytes, weights + GATES);
  assert(phase(answer, "load") >= weights + adapters);
  assertMatch(memory.binding ?? "", /while the model is loaded/);
  assertMatch(said(answer), /experts\.gate_up_proj is made of single experts/);
  assertMatch(said(answer), /straight onto the GPU/);
  const sum = memory.parts.reduce((all, { bytes }) => all + bytes, 0);
  assertEquals(sum, memory.allocated_peak_bytes);
  assert((memory.reserved_peak_bytes ?? 0) >= weights + GATES);
});

Deno.test("a step that takes more than loading is answered as ever", () => {
  const long: ScenarioInput = {
    ...MIXTRAL,
    train: { ...MIXTRAL.train, sequence_length: 8192, micro_batch: 2 },
  };
  const { memory, ...answer } = estimate(long);
  const { peak } = played(long);
  assert(peak.bytes > phase({ ...answer, memory }, "loading"));
  assertEquals(
    memory.parts.some(({ formula }) => /have been read/.test(formula)),
    false,
  );
  assert((memory.allocated_peak_bytes ?? 0) >= peak.bytes);
  assert(!/while the model is loaded/.test(memory.binding ?? ""));
});

Deno.test("PEFT's cast of what bitsandbytes leaves may decide, and needs no assumption", () => {
  const answer = estimate({
    ...MIXTRAL,
    train: { ...MIXTRAL.train, method: "qlora" },
    quantization: { weights: "nf4-dq", kbit_upcast: true },
  });
  assertMatch(said(answer), /is cast to fp32/);
  assert(!/straight onto the GPU/.test(said(answer)));
});

Deno.test("packing is told of each process of DDP, merging on the host is not", () => {
  const ddp = { parallel: { gpus: 2 }, engine: { name: "ddp" } } as const;
  const named = (input: ScenarioInput) =>
    estimate(input).memory.phases?.map(({ name }) => name) ?? [];
  const qlora: ScenarioInput = {
    ...MIXTRAL,
    ...ddp,
    train: { ...MIXTRAL.train, method: "qlora" },
  };
  assertEquals(named(qlora)[0], "loading");
  assertEquals(named({ ...MIXTRAL, ...ddp })[0], "load");
  assertEquals(
    named({ ...MIXTRAL, software: { transformers: "4.57.0" } })[0],
    "load",
  );
  assertEquals(named({ ...MIXTRAL, model: "Qwen/Qwen2.5-0.5B" })[0], "load");
});

Deno.test("a checkpoint that is published packed is not packed again", () => {
  const phases = (model: string) =>
    estimate({
      model,
      precision: { autocast: "bf16" },
      quantization: { kbit_upcast: false },
      train: { method: "qlora" },
    }).memory.phases?.map(({ name }) => name);
  assertEquals(phases("meta-llama/Meta-Llama-3-8B")?.[0], "loading");
  assertEquals(phases("unsloth/llama-3-8b-bnb-4bit")?.[0], "load");
  // What expands MXFP4 on the way is not known.
  assertEquals(phases("openai/gpt-oss-20b")?.[0], "load");
});

Deno.test("a tensor of a stack has the layers below it and those before it in its layer", () => {
  const tensor = (name: string, layers: Tensor["layers"]) => ({
    ...played(MIXTRAL).plan.model.tensors[0] as Tensor,
    name,
    layers,
  });
  const doing = "read";
  const turns = [
    { tensor: tensor("m.N.a", [[0, 3, 1]]), adds: 1, reaches: 1, doing },
    { tensor: tensor("m.N.b", [[0, 2, 2]]), adds: 10, reaches: 90, doing },
    { tensor: tensor("m.N.c", [[0, 3, 1]]), adds: 100, reaches: 100, doing },
    { tensor: tensor("end", null), adds: 5, reaches: 7, doing },
  ];
  const { bytes, before, turn } = highestOf(turns, 1000);
  assertEquals([bytes, before, turn?.tensor.name], [1320, 1313, "end"]);
  const steep = turns.map((each) =>
    each.adds === 10 ? { ...each, reaches: 900 } : each
  );
  // Only the first layer has it, after its own a.
  assertEquals(highestOf(steep, 1000).before, 1001);
});
