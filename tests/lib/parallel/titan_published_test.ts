import { assert } from "@std/assert";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { estimate } from "../../../lib/mod.ts";
import measured from "../../truth/measured.json" with { type: "json" };

/** A published run, with how far what is reserved may be off. */
type Published = [id: string, bound: number];

/**
 * Tables of torchtitan and torchao whose layers are compiled and cut over ranks: what
 * asynchronous collectives and float8 add or save is in no field of a Scenario.
 */
const RUNS: readonly Published[] = [
  ["tt-70b-256gpu-tp8-async", 0.05],
  ["tt-8b-ao-tp2-fsdp4-f8", 0.08],
  ["tt-8b-ao-tp2-fsdp4-rowwise", 0.08],
];

for (const [id, bound] of RUNS) {
  Deno.test(`${id} reserves what was published, within ${100 * bound} %`, () => {
    const run = measured.find((each) => each.id === id);
    assert(run);
    const { method, memory, warnings } = estimate(
      run.scenario as unknown as ScenarioInput,
    );
    assert(method === "timeline");
    assert(warnings.some((each) => /kernels compile/.test(each)));
    const off = (memory.reserved_peak_bytes ?? 0) / run.measured.bytes - 1;
    assert(Math.abs(off) <= bound, `${off}`);
  });
}
