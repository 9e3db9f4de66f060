import { assert, assertEquals } from "@std/assert";
import { readCases } from "../../lib/evidence/case.ts";
import { figureOf } from "../../lib/evidence/figure.ts";
import { predictAll } from "../../lib/evidence/predict.ts";
import type { Estimator, Prediction } from "../../lib/evidence/predict.ts";
import { quantile } from "../../lib/evidence/quantile.ts";
import { scoreboardOf, scoreOf } from "../../lib/evidence/score.ts";
import { unpredictedOf } from "../../lib/evidence/unpredicted.ts";
import { estimate, tryEstimate } from "../../lib/mod.ts";
import type { Estimate } from "../../lib/mod.ts";

Deno.test("quantile() lies between two values where it must", () => {
  assertEquals(quantile([3, 1, 2], 0.5), 2);
  assertEquals(quantile([4, 1, 2, 3], 0.5), 2.5);
  assertEquals(quantile([10, 20], 0.95), 19.5);
  assertEquals(quantile([7], 0.95), 7);
  assert(Number.isNaN(quantile([], 0.5)));
});

/** A method that knows every counter, as a timeline does. */
const counting: Estimator = (scenario) => {
  const result = tryEstimate(scenario);
  if (!result.ok) return result;
  return { ok: true, value: counted(result.value) };
};

function counted(whole: Estimate): Estimate {
  return {
    ...whole,
    method: whole.scenario.method,
    memory: {
      ...whole.memory,
      allocated_peak_bytes: 600,
      allocated_steady_bytes: 200,
      reserved_peak_bytes: 700,
      device_peak_bytes: 800,
      phases: [
        { name: "load", peak_bytes: 100 },
        { name: "forward", peak_bytes: 300 },
        { name: "loss", peak_bytes: 600, end_bytes: 550 },
        { name: "backward", peak_bytes: 500, start_bytes: 450, end_bytes: 250 },
        { name: "optimizer", peak_bytes: 400 },
      ],
    },
  };
}

const FIGURES: [counter: string, bytes: number][] = [
  ["allocated_peak", 600],
  ["allocated_steady", 200],
  ["reserved_peak", 700],
  ["device_peak", 800],
  ["load_allocated", 100],
  ["step_peak", 600],
  ["step_load", 100],
  ["step_forward", 600],
  ["step_backward", 500],
  ["step_backward_start", 450],
  ["step_backward_end", 250],
  ["step_optimizer", 400],
  ["step_steady", 200],
];

Deno.test("figureOf() finds each counter where a method tells it", () => {
  const known = counted(estimate({ model: "gpt2", method: "factors" }));
  for (const [counter, bytes] of FIGURES) {
    assertEquals(figureOf(known, counter), { bytes, basis: "own" }, counter);
  }
});

Deno.test("figureOf() lets one total stand for totals, and for no phase", () => {
  const total = estimate({ model: "gpt2", method: "factors" });
  const bytes = total.memory.device_peak_bytes;
  assertEquals(figureOf(total, "device_peak"), { bytes, basis: "own" });
  for (
    const counter of [
      "allocated_peak",
      "allocated_steady",
      "reserved_peak",
      "step_peak",
      "step_steady",
    ]
  ) {
    assertEquals(figureOf(total, counter), { bytes, basis: "one total" });
  }
  for (const counter of ["load_allocated", "step_load", "step_backward_end"]) {
    assertEquals(
      figureOf(total, counter),
      "it knows one total only, and no phases",
    );
  }
});

Deno.test("figureOf() reads weights and cache off their own places", () => {
  const served = estimate({ model: "gpt2", task: "serve" });
  const weights = served.memory.parts.find(({ name }) => name === "weights");
  assertEquals(figureOf(served, "kv_bytes"), {
    bytes: served.kv?.bytes ?? NaN,
    basis: "own",
  });
  assertEquals(figureOf(served, "weights_bytes"), {
    bytes: weights?.bytes ?? NaN,
    basis: "own",
  });
  const trained = estimate({ model: "gpt2" });
  assertEquals(figureOf(trained, "kv_bytes"), "it gives no key-value cache");
});

Deno.test("figureOf() says what a method does not tell", () => {
  const known = counted(estimate({ model: "gpt2", method: "factors" }));
  const silent: Estimate = {
    ...known,
    memory: { ...known.memory, reserved_peak_bytes: null, phases: [] },
  };
  assertEquals(
    figureOf(silent, "reserved_peak"),
    "it gives no reserved_peak_bytes",
  );
  assertEquals(
    figureOf(silent, "step_load"),
    "it gives no peak_bytes of the phase load",
  );
  assertEquals(
    figureOf(silent, "temperature"),
    "temperature is no counter that is known here",
  );
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
