import { assert, assertEquals } from "@std/assert";
import { factorsBand } from "../../lib/evidence/band.ts";
import { estimate } from "../../lib/mod.ts";
import type { Scenario, ScenarioInput } from "../../lib/mod.ts";
import measured from "../truth/measured.json" with { type: "json" };

interface MeasuredCase {
  scenario: ScenarioInput;
  measured: { bytes: number; what: string };
}

const runs = (measured as unknown as MeasuredCase[])
  .filter(({ scenario, measured }) =>
    scenario.task !== "serve" && measured.what === "device_peak"
  )
  .map(({ scenario, measured }) => {
    const { memory, scenario: whole } = estimate(scenario);
    return { whole, share: measured.bytes / memory.device_peak_bytes };
  });

const KINDS: [string, (scenario: Scenario) => boolean][] = [
  ["one GPU", ({ parallel }) => parallel.gpus === 1],
  ["many GPUs", ({ parallel }) => parallel.gpus > 1],
];

for (const [name, belongs] of KINDS) {
  Deno.test(`factorsBand() is the 5th to 95th percentile of measured runs on ${name}`, () => {
    const like = runs.filter(({ whole }) => belongs(whole));
    const shares = like.map(({ share }) => share).sort((a, b) => a - b);
    const at = (quantile: number): number =>
      Math.round(
        100 * (shares[Math.floor(quantile * (shares.length - 1))] ?? NaN),
      ) / 100;
    const first = like[0];
    assert(first);
    assertEquals(factorsBand(first.whole), {
      low: at(0.05),
      high: at(0.95),
      runs: shares.length,
    });
  });
}

Deno.test("estimate() sets its band around the peak, and none when serving", () => {
  const { memory } = estimate({ model: "llama2-7b" });
  assertEquals(memory.low_bytes, Math.round(0.5 * memory.device_peak_bytes));
  assertEquals(memory.high_bytes, Math.round(1.18 * memory.device_peak_bytes));
  const served = estimate({ model: "llama2-7b", task: "serve" }).memory;
  assertEquals([served.low_bytes, served.high_bytes], [null, null]);
});

Deno.test("estimate() answers every measured run's scenario", () => {
  for (const { scenario } of measured as unknown as MeasuredCase[]) {
    const { memory } = estimate(scenario);
    const sum = memory.parts.reduce((bytes, part) => bytes + part.bytes, 0);
    assertEquals(sum, memory.device_peak_bytes);
  }
});
