import { assert } from "@std/assert";
import { estimate } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { assertOrder, having, holds, peak } from "./properties.ts";

/** Parts are rounded one by one, so a sum of exact shares may be off by these. */
const ROUNDING = 2;

/**
 * The peak by shares of parameters, gradients and states alone; DeepSpeed's own
 * cushion grows by stage, so it is set aside. The buffers of a step that is played
 * depend on a bucket's size, not on the model's: a small one takes more at stage 1.
 */
function atStage(input: ScenarioInput, zero_stage: number): number {
  return peak({
    ...having(input, "engine", { name: "deepspeed", zero_stage }),
    method: "factors",
    factors: { deepspeed_overhead_gib: 0 },
  });
}

holds(
  "counts no more at ZeRO stage 1 than at 0, nor at 2 than at 1",
  (input) => {
    const [none, states, gradients] = [0, 1, 2].map((n) => atStage(input, n));
    assert(Number(states) <= Number(none));
    assert(Number(gradients) <= Number(states));
  },
);

holds(
  "counts no more at ZeRO stage 3 than at 2 for weights that are not quantised",
  (input) => {
    const plain: ScenarioInput = {
      ...input,
      quantization: { weights: "none" },
    };
    const lora = having(plain, "train", { method: "lora" });
    assert(atStage(lora, 3) <= atStage(lora, 2) + ROUNDING);
    const full = having(plain, "train", { method: "full" });
    assert(atStage(full, 3) <= atStage(full, 2) + ROUNDING);
  },
);

/**
 * What a played step holds between steps at a stage; 0 where none is played. An
 * fp32 partition comes with the shards of states: four ranks share it, and AdamW's
 * states in full weigh more than it, as those of 4 bits do not.
 */
function standingAt(input: ScenarioInput, zero_stage: number): number {
  const spread = having(input, "parallel", { gpus: 4, tp: 1, pp: 1 });
  const stepped = having(spread, "optimizer", { name: "adamw", bits: 32 });
  return estimate(
    having(stepped, "engine", { name: "deepspeed", zero_stage }),
  ).memory.allocated_steady_bytes ?? 0;
}

holds("plays ZeRO 1 and 2 with no more between steps than 0", (input) => {
  const [none = 0, states = 0, gradients = 0] = [0, 1, 2].map((n) =>
    standingAt(input, n)
  );
  if (Math.min(none, states, gradients) === 0) return;
  assert(states <= none, `${states} of ${none}`);
  assert(gradients <= states, `${gradients} of ${states}`);
});

/** With so many times the GPUs. */
function times(input: ScenarioInput, ways: number): ScenarioInput {
  const gpus = ways * Number(input.parallel?.gpus);
  return having(input, "parallel", { gpus });
}

holds("counts no more with twice the replicas by shares", (input) => {
  const shares: ScenarioInput = { ...input, method: "factors" };
  assertOrder(times(shares, 2), shares, { slack: ROUNDING });
});

// The first pair of replicas has buckets and gathers that one GPU does without.
holds("counts no more with twice the replicas, from two on", (input) => {
  assertOrder(times(input, 4), times(input, 2), { slack: ROUNDING });
});

holds("counts qlora <= lora <= full where ZeRO shards no weights", (input) => {
  const plain: ScenarioInput = {
    ...having(input, "engine", { name: "deepspeed", zero_stage: 2 }),
    quantization: { weights: "none" },
  };
  const lora = { rank: 8, targets: "all-linear" as const };
  const ways = (["qlora", "lora", "full"] as const)
    .map((method) => having(plain, "train", { method, lora }));
  // Adapters' own activations may weigh more than a small model's states, so that
  // a step that is played keeps this order between steps alone.
  const shares = ways.map((way) => peak({ ...way, method: "factors" }));
  const standing = ways.map((way) =>
    estimate(way).memory.allocated_steady_bytes ?? 0
  );
  for (const [qlora = 0, adapters = 0, full = 0] of [shares, standing]) {
    assert(qlora <= adapters, "qlora");
    assert(adapters <= full, "lora");
  }
});

for (const axis of ["tp", "pp"] as const) {
  holds(`counts no more with twice the ${axis}`, (input) => {
    const ways = 2 * Number(input.parallel?.[axis]);
    const gpus = 2 * Number(input.parallel?.gpus);
    const has12Heads = input.model === "openai-community/gpt2";
    if (axis === "tp" && has12Heads && ways > 4) return;
    const split = having(input, "parallel", { gpus, [axis]: ways });
    assertOrder(split, input, { slack: ROUNDING });
  });
}
