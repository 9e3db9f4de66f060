import { roundedBytes } from "../../lib/play/memory/tape.ts";
import { assert, assertEquals } from "@std/assert";
import { estimate } from "../../lib/mod.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { assertOrder, having, holds, serving } from "./properties.ts";

function isSound({ memory, model }: Estimate): void {
  let sum = 0;
  for (const { name, bytes, formula } of memory.parts) {
    assert(Number.isSafeInteger(bytes) && bytes > 0, `${name}: ${bytes}`);
    assert(formula !== "", name);
    sum += bytes;
  }
  assertEquals(sum, memory.allocated_peak_bytes ?? memory.device_peak_bytes);
  assert(Number.isSafeInteger(model.trainable_parameters));
  const device = memory.device_peak_bytes;
  assert(device >= sum);
  assert((memory.low_bytes ?? 0) <= device);
  assert((memory.high_bytes ?? device) >= device);
}

holds("sums its parts to the peak exactly", (input) => {
  isSound(estimate(input));
});

holds("sums its parts to the peak exactly when serving", (input) => {
  const result = estimate(input);
  isSound(result);
  assert(Number.isSafeInteger(result.kv?.bytes));
  assert((result.kv?.max_tokens ?? 0) >= 0);
}, serving);

holds("judges every fit by the peak", (input) => {
  const { fit } = estimate(input);
  for (const { fits, headroom_bytes, utilization } of fit) {
    assertEquals(fits, headroom_bytes >= 0);
    assertEquals(fits, utilization <= 1);
  }
  // Each GPU has a context of its own: its peak is what choosing it says.
  for (const row of [fit[1], fit.at(-1)]) {
    assert(row);
    const hardware = { ...input.hardware, gpu: row.gpu };
    const { memory } = estimate({ ...input, hardware });
    const held = memory.device_peak_bytes - (memory.paged?.device_bytes ?? 0);
    assertEquals(row.headroom_bytes, row.usable_bytes - held, row.gpu);
  }
});

holds("answers the same twice and leaves its input alone", (input) => {
  const before = JSON.stringify(input);
  const first = estimate(freeze(input));
  assertEquals(JSON.stringify(input), before);
  assertEquals(estimate(input), first);
});

holds("answers the scenario it returns as it answered the input", (input) => {
  const first = estimate(input);
  assertEquals(estimate(first.scenario), first);
});

for (const field of ["micro_batch", "sequence_length"] as const) {
  holds(`counts more for a longer train.${field}`, (input) => {
    const longer = 2 * Number(input.train?.[field]);
    const more = having(input, "train", { [field]: longer });
    assertOrder(input, more, { strictly: true });
  });
}

holds("counts more for a higher LoRA rank", (input) => {
  const lora = having(input, "train", { method: "lora" });
  const { rank = 1, ...rest } = lora.train?.lora ?? {};
  const higher = having(lora, "train", { lora: { ...rest, rank: rank + 1 } });
  assertOrder(lora, higher, { strictly: true });
});

holds("counts no more for full checkpointing than for none", (input) => {
  const full = having(input, "train", { checkpointing: "full" });
  const none = having(input, "train", { checkpointing: "none" });
  // A layer that runs again holds what it was given until its backward pass ends:
  // where it keeps hardly anything else, that is one hidden state more.
  const { train: { micro_batch, sequence_length } } = estimate(none).scenario;
  const { hidden_size } = estimate(none).model.architecture;
  const slack = roundedBytes(4 * micro_batch * sequence_length * hidden_size);
  assertOrder(full, none, { strictly: true, slack });
});

holds("counts no more for a fused loss than for a full one", (input) => {
  const fused = having(input, "train", { loss: "fused" });
  const full = having(input, "train", { loss: "full" });
  assertOrder(fused, full, { strictly: true });
});

holds(
  "counts no more for 8-bit optimizer states than for 32-bit ones",
  (input) => {
    // States of bf16 weights are bf16, but those of 8-bit optimizers are fp32
    // for embeddings, and for tensors too small to quantise.
    const plain: ScenarioInput = { ...input, precision: { weights: "fp32" } };
    const small = having(plain, "optimizer", { bits: 8 });
    const large = having(plain, "optimizer", { bits: 32 });
    assertOrder(small, large);
  },
);

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
