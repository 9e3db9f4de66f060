import type { ScenarioInput } from "../../lib/mod.ts";
import { assert, assertEquals } from "@std/assert";
import {
  estimate,
  findGpu,
  fullness,
  GIB,
  GPUS,
  GPUS_BY_MEMORY,
  RECOMMENDED,
  tierFor,
  TIERS,
} from "../../lib/mod.ts";
import type { Fullness } from "../../lib/mod.ts";
import { COMFORTABLE, fitOf } from "../../lib/hardware/fit.ts";

Deno.test("fitOf() puts the scenario's own GPU first, then all by memory", () => {
  const fits = fitOf(10 * GIB, "H100-80GB");
  assertEquals(fits[0]?.gpu, "H100-80GB");
  assertEquals(
    fits.slice(1).map(({ gpu }) => gpu),
    GPUS_BY_MEMORY.map(({ name }) => name).filter((gpu) => gpu !== "H100-80GB"),
  );
});

Deno.test("fitOf() names a GPU by its own name, however it was spelled", () => {
  assertEquals(fitOf(1, "nvidia geforce rtx-4090")[0]?.gpu, "RTX 4090");
  assertEquals(fitOf(1, "nvidia geforce rtx-4090").length, GPUS.length);
});

Deno.test("fitOf() puts a memory of the user's own before the catalogue", () => {
  const fits = fitOf(12 * GIB, { memory_gib: 24 });
  assertEquals(fits.length, GPUS.length + 1);
  assertEquals(fits[0], {
    gpu: "GPU with 24.00 GiB",
    usable_bytes: 25_769_803_776,
    fits: true,
    headroom_bytes: 12_884_901_888,
    utilization: 0.5,
  });
});

Deno.test("fitOf() lets a GPU be filled to its last byte and no further", () => {
  const usable = 42_404_806_656;
  const [full] = fitOf(usable, "A100-40GB");
  assertEquals(full?.fits, true);
  assertEquals(full?.headroom_bytes, 0);
  assertEquals(full?.utilization, 1);
  const [over] = fitOf(usable + 1, "A100-40GB");
  assertEquals(over?.fits, false);
  assertEquals(over?.headroom_bytes, -1);
});

/** Scenarios whose allocator gives cached memory back on GPUs that are just enough. */
const JUDGED: readonly ScenarioInput[] = [
  { model: "llama2-7b", hardware: { gpu: "T4" } },
  {
    model: "meta-llama/Llama-3.3-70B-Instruct",
    train: { method: "qlora" },
    parallel: { gpus: 4 },
    engine: { name: "fsdp" },
    hardware: { gpu: "L40S" },
  },
  {
    model: "mistralai/Mistral-7B-v0.3",
    train: { sequence_length: 4096 },
    parallel: { gpus: 4 },
    engine: { name: "deepspeed", zero_stage: 2 },
    hardware: { gpu: "A100-40GB" },
  },
];

for (const [at, input] of JUDGED.entries()) {
  Deno.test(`estimate() judges each GPU as it would be judged there: ${at + 1}`, () => {
    const { fit } = estimate(input);
    const first = fit.slice(1).findIndex(({ fits }) => fits);
    assert(first > 0);
    for (const each of fit.slice(Math.max(1, first - 5), first + 6)) {
      const there = estimate({ ...input, hardware: { gpu: each.gpu } });
      assertEquals(there.fit[0]?.fits, each.fits, each.gpu);
      // What goes back to the driver is told by playing it again.
      const least = there.fit[0]?.headroom_bytes ?? 0;
      assert(least >= each.headroom_bytes, each.gpu);
      if (each.headroom_bytes > 1) assertEquals(least, each.headroom_bytes);
    }
  });
}

const FULLNESS: [utilization: number, expected: Fullness][] = [
  [0, "comfortable"],
  [0.5, "comfortable"],
  [0.75, "comfortable"],
  [0.7500001, "recommended"],
  [0.8, "recommended"],
  [0.8000001, "tight"],
  [0.99, "tight"],
  [1, "tight"],
  [1.0000001, "over"],
  [Infinity, "over"],
];

for (const [utilization, expected] of FULLNESS) {
  Deno.test(`fullness() calls ${utilization} ${expected}`, () => {
    assertEquals(fullness(utilization), expected);
  });
}

Deno.test("COMFORTABLE and RECOMMENDED are the 75-80 % rule", () => {
  assertEquals([COMFORTABLE, RECOMMENDED], [0.75, 0.8]);
});

/** The last peak of each tier, 80 % of its GPU, and the next byte's tier. */
const FILLED: [lastPeak: number, tier: string, next: string | undefined][] = [
  [13_368_924_569, "16 GB", "24 GB"],
  [20_199_768_064, "24 GB", "40 GB"],
  [33_923_845_324, "40 GB", "48 GB"],
  [38_130_719_653, "48 GB", "80 GB"],
  [67_980_742_360, "80 GB", "141 GB"],
  [120_087_956_684, "141 GB", undefined],
];

for (const [lastPeak, tier, next] of FILLED) {
  Deno.test(`tierFor() fills ${tier} to 80 %`, () => {
    assertEquals(tierFor(lastPeak)?.name, tier);
    assertEquals(tierFor(lastPeak + 1)?.name, next);
  });
}

Deno.test("tierFor() gives the least tier to nothing and none to too much", () => {
  assertEquals(tierFor(0)?.name, "16 GB");
  assertEquals(tierFor(1e15), null);
});

Deno.test("TIERS takes each class's memory from the catalogue, least first", () => {
  for (const { gpu, usable_bytes } of TIERS) {
    assertEquals(findGpu(gpu)?.usable_bytes, usable_bytes);
  }
  const sizes = TIERS.map(({ usable_bytes }) => usable_bytes);
  assertEquals(sizes, sizes.toSorted((a, b) => a - b));
});
