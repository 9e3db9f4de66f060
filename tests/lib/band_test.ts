import { assert, assertEquals, assertMatch } from "@std/assert";
import type { BandRow } from "../../lib/evidence/band.ts";
import {
  bandNote,
  bandOf,
  indexed,
  MIN_RUNS,
} from "../../lib/evidence/band.ts";
import { bandRows } from "../../lib/evidence/band_rows.ts";
import { readCases } from "../../lib/evidence/case.ts";
import { predictAll } from "../../lib/evidence/predict.ts";
import { estimate, parseScenario, tryEstimate } from "../../lib/mod.ts";
import type { Scenario } from "../../lib/mod.ts";
import measured from "../truth/measured.json" with { type: "json" };

const cases = readCases(measured);
assert(cases.ok);
const runs = cases.value
  .filter(({ scenario, readings: [{ counter }] }) =>
    scenario["task"] !== "serve" && counter === "device_peak"
  )
  .map(({ scenario, readings: [{ bytes }] }) => {
    const result = tryEstimate({ ...scenario, method: "factors" });
    assert(result.ok);
    const { memory, scenario: whole } = result.value;
    return { whole, share: bytes / memory.device_peak_bytes };
  });

const KINDS = ["full", "lora", "qlora"] as const;

for (const kind of KINDS) {
  for (const many of [false, true]) {
    Deno.test(`bandOf() is the 5th to 95th percentile of measured ${kind} training on ${many ? "many GPUs" : "one GPU"}`, () => {
      // Of many GPUs one engine alone has enough, whose band then holds.
      const like = runs.filter(({ whole: { train, parallel, engine } }) =>
        train.method === kind && parallel.gpus > 1 === many &&
        (!many || engine.name === "fsdp")
      );
      const [first] = like;
      assert(first && like.length >= MIN_RUNS);
      const shares = like.map(({ share }) => share).sort((a, b) => a - b);
      const band = bandOf("factors", first.whole);
      assert(band);
      assertEquals(band.runs, shares.length);
      assertEquals(band.too_few, null);
      assertNear(band.low, Math.min(1, percentile(shares, 5)));
      assertNear(band.high, Math.max(1, percentile(shares, 95)));
    });
  }
}

/** By the definition: linear between the two nearest of the sorted values. */
function percentile(sorted: number[], percent: number): number {
  const at = percent * (sorted.length - 1) / 100;
  const whole = Math.trunc(at);
  const before = sorted[whole] ?? NaN;
  return before + (at - whole) * ((sorted[whole + 1] ?? before) - before);
}

function assertNear(found: number, wanted: number): void {
  assert(Math.abs(found - wanted) <= 0.0005, `${found}, not ${wanted}`);
}

Deno.test("estimate() sets its band around the peak, and none of factors' when serving", () => {
  const { memory, scenario } = estimate({
    model: "llama2-7b",
    method: "factors",
  });
  const band = bandOf("factors", scenario);
  assert(band);
  const peak = memory.device_peak_bytes;
  assertEquals(memory.low_bytes, Math.round(band.low * peak));
  assertEquals(memory.high_bytes, Math.round(band.high * peak));
  const served = estimate({
    model: "llama2-7b",
    task: "serve",
    method: "factors",
  }).memory;
  assertEquals([served.low_bytes, served.high_bytes], [null, null]);
});

Deno.test("bandOf() is null with calibration factors of the user's own", () => {
  const { scenario, memory } = estimate({
    model: "llama2-7b",
    method: "factors",
    factors: { fragmentation_gib: 1 },
  });
  assertEquals(bandOf("factors", scenario), null);
  assertEquals([memory.low_bytes, memory.high_bytes], [null, null]);
});

const scenario = whole({ train: { method: "lora" } });

function whole(input: object): Scenario {
  const parsed = parseScenario({ model: "llama2-7b", ...input });
  assert(parsed.ok);
  return parsed.value;
}

function row(
  of: Partial<BandRow>,
  runs: number,
  ends: [number, number] | null,
): BandRow {
  return {
    method: "timeline",
    task: "train",
    kind: null,
    gpus: null,
    engine: null,
    counter: null,
    ...of,
    runs,
    low: ends?.[0] ?? null,
    high: ends?.[1] ?? null,
  };
}

Deno.test("bandOf() takes the next wider class where runs are too few, and says so", () => {
  const narrow = row(
    { kind: "lora", gpus: "one", counter: "device_peak" },
    MIN_RUNS - 1,
    null,
  );
  const wider = row({ gpus: "one", counter: "device_peak" }, 30, [0.9, 1.1]);
  const widest = row({}, 90, [0.5, 1.5]);
  const band = bandOf(
    "timeline",
    scenario,
    "device_peak",
    indexed([widest, wider, narrow]),
  );
  assert(band);
  assertEquals([band.low, band.high, band.runs], [0.9, 1.1, 30]);
  assertEquals(band.of, "training runs on one GPU");
  assertEquals(band.too_few, {
    runs: MIN_RUNS - 1,
    of: "LoRA training runs on one GPU",
  });
  assertMatch(
    bandNote(band),
    /of 30 measured training runs on one GPU.*0\.9 to 1\.1.*of LoRA training runs on one GPU there are 11, too few/,
  );
  const last = bandOf(
    "timeline",
    scenario,
    "device_peak",
    indexed([widest, narrow]),
  );
  assertEquals(last?.of, "training runs, by any counter of a peak");
  assertEquals(
    bandOf("timeline", scenario, "device_peak", indexed([narrow])),
    null,
  );
});

Deno.test("bandOf() reaches the figure where a method is off to one side", () => {
  const of = { kind: "lora", gpus: "one", counter: "device_peak" } as const;
  for (
    const [ends, wanted] of [
      [[0.5, 0.8], [0.5, 1]],
      [[1.2, 1.5], [1, 1.5]],
    ] as [[number, number], [number, number]][]
  ) {
    const rows = indexed([row(of, 20, ends)]);
    const band = bandOf("timeline", scenario, "device_peak", rows);
    assertEquals([band?.low, band?.high], wanted);
  }
});

Deno.test("bandOf() keeps counters, methods and tasks apart", () => {
  const rows = indexed([
    row({ kind: "lora", gpus: "one", counter: "reserved_peak" }, 20, [1, 2]),
  ]);
  assertEquals(bandOf("timeline", scenario, "reserved_peak", rows)?.high, 2);
  assertEquals(bandOf("timeline", scenario, "device_peak", rows), null);
  assertEquals(bandOf("factors", scenario, "reserved_peak", rows), null);
  const served = whole({ task: "serve" });
  assertEquals(bandOf("timeline", served, "reserved_peak", rows), null);
});

Deno.test("bandRows() draws no band from too few runs, and none from one total's stand-ins", () => {
  const few = cases.value.filter(({ readings: [{ counter }] }) =>
    counter === "device_peak" || counter === "allocated_peak"
  ).slice(0, MIN_RUNS + 10);
  const predictions = predictAll(few, "factors", tryEstimate);
  const rows = bandRows(predictions, (input) => {
    const parsed = parseScenario(input);
    return parsed.ok ? parsed.value : null;
  });
  const device = few.filter(({ readings: [{ counter }] }) =>
    counter === "device_peak"
  );
  assert(device.length > 0 && device.length < few.length);
  assertEquals(
    rows.find(({ kind, gpus, counter }) =>
      kind === null && gpus === null && counter === "device_peak"
    )?.runs,
    device.length,
  );
  assert(!rows.some(({ counter }) => counter === "allocated_peak"));
  for (const { runs, low, high } of rows) {
    assertEquals(low === null, runs < MIN_RUNS);
    assertEquals(high === null, runs < MIN_RUNS);
  }
});

Deno.test("estimate() answers every measured run's scenario", () => {
  for (const { scenario } of cases.value) {
    const result = tryEstimate(scenario);
    assert(result.ok);
    const { memory } = result.value;
    const sum = memory.parts.reduce((bytes, part) => bytes + part.bytes, 0);
    assertEquals(sum, memory.allocated_peak_bytes ?? memory.device_peak_bytes);
  }
});
