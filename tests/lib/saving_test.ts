import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { estimate } from "../../lib/mod.ts";
import { curveOf } from "../../lib/play/readers/curve.ts";
import { phase, said } from "./answers.ts";
import { played } from "./played.ts";

type Train = NonNullable<ScenarioInput["train"]>;
type Saving = NonNullable<Train["saving"]>;

const PARAMETERS = 8_030_261_248;
const EMBEDDING = 128_256 * 4096;
const LAYER = 218_112_000;

function saved(
  saving: Saving,
  rest: Partial<ScenarioInput> = {},
  train: Train = {},
): Estimate {
  const answer = estimate({
    model: "meta-llama/Llama-3.1-8B",
    precision: { weights: "bf16", autocast: "bf16" },
    ...rest,
    train: { checkpointing: "full", ...train, saving },
  });
  assertEquals(answer.method, "timeline", answer.warnings.join("\n"));
  return answer;
}

function sharded(
  name: "fsdp" | "fsdp2" | "deepspeed",
  gathers: "host" | "device" | null,
): Estimate {
  return saved({ gathers }, {
    parallel: { gpus: 8 },
    engine: name === "deepspeed" ? { name, zero_stage: 3 } : { name },
  });
}

/** What saving takes beside what stands. */
function taken(answer: Estimate): number {
  return phase(answer, "saving") - (answer.memory.allocated_steady_bytes ?? 0);
}

Deno.test("a state dict that goes to the host takes a unit of the GPU at a time", () => {
  // Embedding, head and norm are one unit of FSDP 1, in fp32 as accelerate shards.
  assertEquals(
    taken(sharded("fsdp", "host")),
    4 * (2 * EMBEDDING + 4096),
  );
  assertEquals(taken(sharded("fsdp2", "host")), 4 * EMBEDDING);
  assertEquals(taken(sharded("deepspeed", "host")), 2 * EMBEDDING);
  assert(2 * EMBEDDING > LAYER);
});

Deno.test("a state dict that stays on the GPUs is whole on each, and decides the peak", () => {
  const answer = sharded("fsdp", "device");
  assertEquals(
    taken(answer),
    4 * (PARAMETERS + 2 * EMBEDDING + 4096),
  );
  assertMatch(answer.memory.binding ?? "", /saving/);
  const sum = answer.memory.parts.reduce((all, { bytes }) => all + bytes, 0);
  assertEquals(sum, answer.memory.allocated_peak_bytes);
});

Deno.test("what is not asked for saves nothing and changes nothing", () => {
  const plain = sharded("fsdp", null);
  const without = plain.memory.phases?.map(({ name }) => name);
  assertEquals(without?.includes("saving"), false);
  assertEquals(
    saved({ gathers: null }).memory.allocated_peak_bytes,
    estimate({
      model: "meta-llama/Llama-3.1-8B",
      precision: { weights: "bf16", autocast: "bf16" },
      train: { checkpointing: "full" },
    }).memory.allocated_peak_bytes,
  );
});

Deno.test("merging takes the largest adapted layer twice in the adapters' type, of packed weights more", () => {
  const widest = 4096 * 14_336;
  const lora = { method: "lora", lora: { targets: "all-linear" } } as const;
  assertEquals(taken(saved({ merged: true }, {}, lora)), 2 * 4 * widest);
  const qlora = {
    method: "qlora",
    lora: { targets: "all-linear", adapter_dtype: "fp32" },
  } as const;
  assertEquals(
    taken(saved({ merged: true }, {
      quantization: { weights: "nf4-dq" },
    }, qlora)),
    (2 + 4 + 4 + 4) * widest,
  );
});

Deno.test("saving that means nothing is said not to be used", () => {
  assertMatch(
    said(saved({ merged: true })),
    /train\.saving\.merged is not used/,
  );
  assertMatch(
    said(saved({ gathers: "host" })),
    /train\.saving\.gathers is not used/,
  );
});

Deno.test("the curve shows what saving takes after the step", () => {
  const { program, peak, standingBytes } = played({
    model: "meta-llama/Llama-3.1-8B",
    precision: { weights: "bf16", autocast: "bf16" },
    parallel: { gpus: 8 },
    engine: { name: "fsdp" },
    train: { checkpointing: "full", saving: { gathers: "device" } },
  });
  const { points } = curveOf(program);
  assertEquals(peak.phase, "saving");
  assertEquals(Math.max(...points.map(({ bytes }) => bytes)), peak.bytes);
  assertEquals(points.at(-1)?.bytes, standingBytes);
});
