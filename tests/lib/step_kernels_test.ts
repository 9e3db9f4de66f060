import { assert, assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { estimate } from "../../lib/mod.ts";
import measured from "../truth/measured.json" with { type: "json" };

const TOKENS = 2048;
const WORDS = 49_280;

function scenarioOf(id: string): ScenarioInput {
  const found = measured.find((each) => each.id === id);
  assert(found, id);
  return found.scenario as ScenarioInput;
}

const FULL = scenarioOf(
  "fms-std-gpt-bigcode-santacoder-none-full-1gpu-bs8-peak",
);
const PEFT = scenarioOf(
  "fms-std-gpt-bigcode-santacoder-accelerated-peft-bnb-lora-1gpu-bs8-peak",
);

/**
 * FMS's fused-ops-and-kernels replaces GPTBigCode's cross entropy by one kernel
 * that works in place, and nothing else: its fast kernels of one GPU.
 *
 * Source: foundation-model-stack/fms-acceleration @876e2ed6fc,
 * scripts/benchmarks/refs/a100_80gb.csv, mem_peak_torch_mem_alloc_in_bytes of
 * foak-fast-kernels and accelerated-peft-bnb-foak
 */
const FAST: [base: ScenarioInput, micro_batch: number, bytes: number][] = [
  [FULL, 4, 11_267_745_280],
  [FULL, 8, 13_582_956_544],
  [PEFT, 4, 7_538_417_152],
  [PEFT, 8, 14_264_901_120],
];

for (const [base, micro_batch, bytes] of FAST) {
  const { method = "full" } = base.train ?? {};
  Deno.test(`a cross entropy in place reaches SantaCoder's measured peak: ${method}, ${micro_batch}`, () => {
    const { memory } = estimate({
      ...base,
      train: { ...base.train, micro_batch, kernels: "liger" },
    });
    const error = (memory.allocated_peak_bytes ?? 0) / bytes - 1;
    assert(Math.abs(error) < 0.002, String(error));
  });
}

Deno.test("accelerate hands out logits in fp32 under autocast alone", () => {
  // The tokens' losses are gone by then, their sum's 512 bytes are there.
  const LOSSES = 8 * TOKENS * 4 - 512;
  const peakOf = (base: ScenarioInput, accelerate: string | null) =>
    estimate({
      ...base,
      train: { ...base.train, kernels: "liger" },
      software: { ...base.software, accelerate },
    }).memory.allocated_peak_bytes ?? 0;
  assertEquals(
    peakOf(PEFT, "1.0.1") - peakOf(PEFT, null),
    8 * TOKENS * WORDS * 4 - LOSSES,
  );
  assertEquals(peakOf(FULL, "1.0.1"), peakOf(FULL, null));
});
