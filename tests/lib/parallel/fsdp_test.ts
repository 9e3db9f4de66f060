import { assert, assertEquals } from "@std/assert";
import { playStep } from "../../../lib/engines/step.ts";
import type { ScenarioInput } from "../../../lib/mod.ts";
import cases from "../../truth/parallel_steps.json" with { type: "json" };
import { askedOf, PHASES } from "../asked.ts";
import { assertPlayed } from "../results.ts";

const ENGINES = ["fsdp2", "fsdp (accelerate)", "fsdp2 (accelerate)"];

/** How far a phase may be off: all but those named below are within 0.1 %. */
const TOLERANCE = 0.001;

/** Traced steps of something that no Scenario says. */
const ELSEWHERE = [
  // transformers' experts_implementation, which no field says: a copy of an
  // expert's weights for each row.
  "fsdp2 qwen3moe-small w8 batched_mm ckpt",
];

function play(input: ScenarioInput) {
  const { scenario, model } = askedOf(input);
  return playStep(scenario, model, { workspaces: false });
}

for (const { name, engine, scenario, bytes } of cases) {
  if (!ENGINES.includes(engine) || ELSEWHERE.includes(name)) continue;
  Deno.test(`FSDP reaches what was traced: ${name}`, () => {
    const step = play(scenario as ScenarioInput);
    assertPlayed(step);
    for (const [key, traced] of Object.entries(bytes)) {
      const phase = PHASES[key];
      assert(phase, `${key} is no phase`);
      const error = step.phases[phase] / traced - 1;
      assert(
        Math.abs(error) <= TOLERANCE,
        `${key} is ${(100 * error).toFixed(3)} % off ${traced}`,
      );
    }
    const listed = step.peak.live.reduce((sum, { bytes }) => sum + bytes, 0);
    assertEquals(listed, step.peak.bytes);
  });
}

const FSDP = {
  model: "meta-llama/Llama-3.2-1B",
  train: { micro_batch: 1, sequence_length: 512 },
  precision: { weights: "fp32", autocast: "bf16" },
  parallel: { gpus: 8 },
} as const;

const REFUSED: readonly [ScenarioInput, string][] = [
  [
    { ...FSDP, engine: { name: "fsdp2", offload_optimizer: "cpu" } },
    "engine.name fsdp2 offloads parameters, gradients and optimizer states together: engine.offload_parameters is none and engine.offload_optimizer cpu; engine.offload_parameters cpu offloads all of them",
  ],
  [
    {
      ...FSDP,
      engine: {
        name: "fsdp",
        sharding: "none",
        offload_optimizer: "cpu",
        offload_parameters: "cpu",
      },
    },
    "engine.sharding none shards nothing, and FSDP offloads shards: engine.offload_parameters cpu needs sharding full, grad_op or hybrid",
  ],
  [
    {
      ...FSDP,
      parallel: { gpus: 8, dp_replicate: 3 },
      engine: { name: "fsdp2", sharding: "hybrid" },
    },
    "parallel.dp_replicate 3 does not divide parallel.gpus 8: the nearest that does is 2",
  ],
  [
    { ...FSDP, engine: { name: "fsdp2", reshard_after_forward: 5 } },
    "engine.reshard_after_forward 5 does not divide the 8 ranks that share shards: the nearest that does is 4",
  ],
];

for (const [scenario, reason] of REFUSED) {
  Deno.test(`FSDP refuses: ${reason}`, () => {
    assertEquals(play(scenario), { reason });
  });
}

Deno.test("FSDP gathers units of a model that is tied, and of one with images", () => {
  for (const name of ["fsdp", "fsdp2"] as const) {
    for (
      const model of ["Qwen/Qwen2-VL-2B-Instruct", "meta-llama/Llama-3.2-1B"]
    ) {
      const step = play({
        ...FSDP,
        model,
        train: { ...FSDP.train, sequence_length: 2048 },
        engine: { name, driver: "accelerate" },
      });
      assertPlayed(step);
      const listed = step.peak.live.reduce((sum, { bytes }) => sum + bytes, 0);
      assertEquals(listed, step.peak.bytes);
    }
  }
});

Deno.test("torchtune shards Llama 3's embedding and output by themselves in full training", () => {
  const peakOf = (
    model: string,
    wrap: "titan" | "layers+root" | null,
    method: "full" | "lora" = "full",
  ) => {
    const step = play({
      model,
      train: {
        method,
        micro_batch: 1,
        sequence_length: 512,
        loss: "chunked",
        checkpointing: "full",
      },
      parallel: { gpus: 8 },
      engine: { name: "fsdp2", wrap },
      software: { model_code: "torchtune" },
    });
    assertPlayed(step);
    return step.peak.bytes;
  };
  const llama3 = "meta-llama/Llama-3.1-8B";
  assertEquals(peakOf(llama3, null), peakOf(llama3, "titan"));
  assert(peakOf(llama3, null) < peakOf(llama3, "layers+root"));
  assertEquals(
    peakOf(llama3, null, "lora"),
    peakOf(llama3, "layers+root", "lora"),
  );
  const llama2 = "meta-llama/Llama-2-7b-hf";
  assertEquals(peakOf(llama2, null), peakOf(llama2, "layers+root"));
});
