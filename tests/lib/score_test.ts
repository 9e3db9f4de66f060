import { assert, assertEquals } from "@std/assert";
import { readCases } from "../../lib/evidence/case.ts";
import { predictAll } from "../../lib/evidence/predict.ts";
import type { Estimator, Prediction } from "../../lib/evidence/predict.ts";
import { quantile } from "../../lib/evidence/quantile.ts";
import { scoreboardOf, scoreOf } from "../../lib/evidence/score.ts";
import { unpredictedOf } from "../../lib/evidence/unpredicted.ts";
import { tryEstimate } from "../../lib/mod.ts";
import { counting } from "./counted.ts";

Deno.test("quantile() lies between two values where it must", () => {
  assertEquals(quantile([3, 1, 2], 0.5), 2);
  assertEquals(quantile([4, 1, 2, 3], 0.5), 2.5);
  assertEquals(quantile([10, 20], 0.95), 19.5);
  assertEquals(quantile([7], 0.95), 7);
  assert(Number.isNaN(quantile([], 0.5)));
});

function run(id: string, bytes: number, more: object = {}): object {
  return {
    id,
    group: "a",
    confidence: "high",
    scenario: { model: "gpt2" },
    measured: { bytes, what: "allocated_peak" },
    ...more,
  };
}

function predict(
  entries: object[],
  estimator: Estimator = counting,
  method = "timeline",
): Prediction[] {
  const cases = readCases(entries);
  assert(cases.ok);
  return predictAll(cases.value, method, estimator);
}

Deno.test("predictAll() leaves no case out: each has an error or a reason", () => {
  const broken: Estimator = (scenario) => {
    const { model } = scenario as { model: string };
    if (model === "llama2-7b") throw new Error("out of luck");
    return model === "opt-125m" ? tryEstimate(scenario) : counting(scenario);
  };
  const found = predict(
    [
      run("good", 500),
      run("unknown", 500, { scenario: { model: "nope/nope" } }),
      run("bad", 500, {
        scenario: { model: "gpt2", train: { micro_batch: 0 } },
      }),
      run("thrown", 500, { scenario: { model: "llama2-7b" } }),
      run("other", 500, {
        scenario: { model: "opt-125m", train: { method: "lora" } },
      }),
    ],
    broken,
    "multipliers",
  );
  assertEquals(found.map(({ case: { id } }) => id), [
    "good",
    "unknown",
    "bad",
    "thrown",
    "other",
  ]);
  const [good, unknown, bad, thrown, other] = found;
  assertEquals([good?.error, good?.reason], [600 / 500 - 1, null]);
  assert(unknown?.reason?.includes("must be in the catalogue"));
  assert(bad?.reason?.includes("train.micro_batch must be at least 1"));
  assertEquals(thrown?.reason, "it failed: out of luck");
  assert(other?.reason?.includes('method "multipliers"'), other?.reason ?? "");
  for (const each of [unknown, bad, thrown, other]) {
    assertEquals([each?.figure, each?.error], [null, null]);
  }
});

Deno.test("predictAll() has no error where nothing was measured", () => {
  const [found] = predict([run("empty", 0)]);
  assertEquals([found?.figure, found?.error], [null, null]);
  assertEquals(found?.reason, "nothing was measured: 0 bytes");
});

Deno.test("scoreOf() works median, 95th percentile, bias and worst out by hand", () => {
  // Predicted 600: errors +20 %, −25 %, +50 %, 0.
  const score = scoreOf(predict([
    run("a", 500),
    run("b", 800),
    run("c", 400),
    run("d", 600),
    run("e", 1, { scenario: { model: "nope/nope" } }),
  ]));
  assertEquals([score.cases, score.predicted], [5, 4]);
  near(score.median_abs_error, 0.225);
  near(score.p95_abs_error, 0.4625);
  near(score.bias, 0.45 / 4);
  assertEquals(score.worst?.id, "c");
  near(score.worst?.error ?? null, 0.5);
});

function near(found: number | null, wanted: number): void {
  assert(
    found !== null && Math.abs(found - wanted) < 1e-12,
    `${found}, not ${wanted}`,
  );
}

Deno.test("scoreOf() has no figures where nothing was predicted", () => {
  assertEquals(
    scoreOf(predict([run("a", 1, { scenario: { model: "nope/nope" } })])),
    {
      cases: 1,
      predicted: 0,
      median_abs_error: null,
      p95_abs_error: null,
      bias: null,
      worst: null,
    },
  );
});

const MIXED = [
  run("peak", 500),
  run("steady", 250, { measured: { bytes: 250, what: "allocated_steady" } }),
  run("low", 500, { confidence: "low" }),
  run("many", 500, { gpus: 2 }),
  run("served", 500, { scenario: { model: "gpt2", task: "serve" } }),
  run("device", 500, { measured: { bytes: 500, what: "device_peak" } }),
  run("else", 500, { group: "b" }),
  { name: "step", scenario: { model: "gpt2" }, bytes: { load: 80, loss: 500 } },
];

Deno.test("scoreboardOf() counts every case once overall and in its group", () => {
  const { overall, groups, counters } = scoreboardOf([
    ...predict(MIXED),
    ...predict(MIXED, tryEstimate, "factors"),
  ]);
  assertEquals(
    overall.map(({ method, cases, basis }) => [method, cases, basis]),
    [["timeline", 8, "own"], ["factors", 8, "both"]],
  );
  const rows = groups.filter(({ method }) => method === "timeline")
    .map(({ group, counter, cases }) => [group, counter, cases]);
  assertEquals(rows, [
    ["a", null, 6],
    ["a", "allocated_peak", 4],
    ["a", "allocated_steady", 1],
    ["a", "device_peak", 1],
    ["b", "allocated_peak", 1],
    ["traced_steps", null, 1],
    ["traced_steps", "step_peak", 1],
    ["traced_steps", "step_load", 1],
    ["traced_steps", "step_loss", 1],
  ]);
  assertEquals(
    groups.slice(0, 4).map(({ method, counter }) => [counter, method]),
    [
      [null, "timeline"],
      [null, "factors"],
      ["allocated_peak", "timeline"],
      ["allocated_peak", "factors"],
    ],
  );
  const device = counters.find(({ method, counter }) =>
    method === "factors" && counter === "device_peak"
  );
  assertEquals(device?.basis, "own");
});

Deno.test("scoreboardOf() takes for the aim sure training runs on one GPU, by allocated bytes", () => {
  const { aim } = scoreboardOf(predict(MIXED));
  // "peak", "steady" and "else"; errors +20 %, −20 %, +20 %.
  assertEquals(aim.length, 1);
  assertEquals([aim[0]?.cases, aim[0]?.predicted], [3, 3]);
  near(aim[0]?.median_abs_error ?? null, 0.2);
});

Deno.test("unpredictedOf() names each case once under its reason", () => {
  const found = unpredictedOf(predict(MIXED, tryEstimate, "factors"));
  assertEquals(found, [
    {
      method: "factors",
      reason: "it knows one total only, and no phases",
      counters: ["step_load"],
      ids: ["step"],
    },
    {
      method: "factors",
      reason: "step_loss is no counter that is known here",
      counters: ["step_loss"],
      ids: ["step"],
    },
  ]);
});
