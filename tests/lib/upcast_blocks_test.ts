import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { allocatorPeaks } from "../../lib/play/readers/allocator/peaks.ts";
import { played } from "./played.ts";

const QLORA: ScenarioInput = {
  model: "meta-llama/Llama-3.2-3B",
  train: { method: "qlora", checkpointing: "full", sequence_length: 64 },
};

Deno.test("what PEFT casts to fp32 leaves its 16-bit blocks to the allocator, and nothing in use", () => {
  const step = played(QLORA);
  const { passing, ...program } = step.program;
  assert(passing !== undefined && passing.length > 0);
  const [with16, without] = [step, { ...step, program }].map((each) =>
    allocatorPeaks(each)
  );
  assert(with16 && without);
  assertAlmostEquals(with16.allocated / without.allocated, 1, 1e-3);
  assert(with16.reserved > without.reserved);
});

Deno.test("nothing is cast where PEFT is not asked to", () => {
  const quantization = { weights: "nf4-dq", kbit_upcast: false } as const;
  assertEquals(played({ ...QLORA, quantization }).program.passing, []);
  assertEquals(
    played({ ...QLORA, train: { method: "lora" } }).program.passing,
    [],
  );
});
