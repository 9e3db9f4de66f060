import type { Prediction } from "./predict.ts";
import { quantile } from "./quantile.ts";

/** How well a method does over some cases. Errors are predicted ÷ measured − 1. */
export interface Score {
  cases: number;
  predicted: number;
  /** Median of the errors' sizes; null where nothing was predicted. */
  median_abs_error: number | null;
  /** 95th percentile of the errors' sizes. */
  p95_abs_error: number | null;
  /** The mean of the errors with their signs: above 0 is too much. */
  bias: number | null;
  worst: { id: string; counter: string; error: number } | null;
}

/** The score of one method over one class of cases. */
export interface ScoreRow extends Score {
  method: string;
  /** Null for all groups. */
  group: string | null;
  /** Null for every case's own figure, whatever it counts. */
  counter: string | null;
  /** What the method was compared by; null where it predicted none. */
  basis: "own" | "one total" | "both" | null;
}

/** How well methods do: overall, by counter, by group, and on the aim. */
export interface Scoreboard {
  overall: ScoreRow[];
  counters: ScoreRow[];
  /** Each group, and each counter of it where it has several. */
  groups: ScoreRow[];
  /** What the project aims at; see {@linkcode AIM}. */
  aim: ScoreRow[];
}

/** What the timeline is built to reach, on the cases that say most about it. */
export const AIM = {
  cases:
    "training on one GPU, confidence high, PyTorch's count of allocated bytes",
  median_abs_error: 0.02,
  p95_abs_error: 0.08,
} as const;

/** Adds up errors. */
export function scoreOf(predictions: readonly Prediction[]): Score {
  const found = predictions.flatMap(({ case: { id }, reading, error }) =>
    error === null ? [] : [{ id, counter: reading.counter, error }]
  );
  const sizes = found.map(({ error }) => Math.abs(error));
  const none = found.length === 0;
  return {
    cases: predictions.length,
    predicted: found.length,
    median_abs_error: none ? null : quantile(sizes, 0.5),
    p95_abs_error: none ? null : quantile(sizes, 0.95),
    bias: none
      ? null
      : found.reduce((sum, { error }) => sum + error, 0) / found.length,
    worst: found.reduce<Score["worst"]>(
      (worst, each) =>
        worst && Math.abs(worst.error) >= Math.abs(each.error) ? worst : each,
      null,
    ),
  };
}

/** Puts predictions into classes and scores each, methods side by side. */
export function scoreboardOf(predictions: readonly Prediction[]): Scoreboard {
  const own = predictions.filter(({ headline }) => headline);
  return {
    overall: rowsBy(own, () => ({})),
    counters: rowsBy(predictions, ({ reading: { counter } }) => ({ counter })),
    groups: groupRows(predictions),
    aim: rowsBy(own.filter(isAimed), () => ({})),
  };
}

/** Whether a case says how near the aim the methods are. */
function isAimed({ case: { confidence, scenario }, reading }: Prediction) {
  const parallel = scenario["parallel"];
  const gpus = typeof parallel === "object" && parallel !== null &&
      "gpus" in parallel
    ? parallel.gpus
    : 1;
  return confidence === "high" && scenario["task"] !== "serve" && gpus === 1 &&
    reading.counter.startsWith("allocated_");
}

type Class = Partial<Pick<ScoreRow, "group" | "counter">>;

function groupRows(predictions: readonly Prediction[]): ScoreRow[] {
  const groups = new Set(predictions.map(({ case: { group } }) => group));
  return [...groups].flatMap((group) => {
    const own = predictions.filter((each) => each.case.group === group);
    const counters = rowsBy(
      own,
      ({ reading: { counter } }) => ({ group, counter }),
    );
    return new Set(counters.map(({ counter }) => counter)).size === 1
      ? counters
      : [
        ...rowsBy(own.filter(({ headline }) => headline), () => ({ group })),
        ...counters,
      ];
  });
}

/**
 * A row for each class and method: classes in the order in which they turn up,
 * the methods of each side by side.
 */
function rowsBy(
  predictions: readonly Prediction[],
  classOf: (prediction: Prediction) => Class,
): ScoreRow[] {
  const classes = Map.groupBy(
    predictions,
    (prediction) => JSON.stringify(classOf(prediction)),
  );
  return [...classes.values()].flatMap((members) =>
    [...Map.groupBy(members, ({ method }) => method)].map(
      ([method, predicted]) => {
        const [first] = predicted;
        const of: Class = first ? classOf(first) : {};
        return {
          method,
          group: of.group ?? null,
          counter: of.counter ?? null,
          basis: basisOf(predicted),
          ...scoreOf(predicted),
        };
      },
    )
  );
}

function basisOf(predictions: readonly Prediction[]): ScoreRow["basis"] {
  const bases = new Set(
    predictions.flatMap(({ figure }) => figure ? [figure.basis] : []),
  );
  const [first] = bases;
  return bases.size > 1 ? "both" : first ?? null;
}
