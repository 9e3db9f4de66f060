import doubts from "./doubts.json" with { type: "json" };
import type { StepKind } from "../methods/step_kind.ts";
import { METHOD_WORDS, settingsIn } from "../methods/step_kind.ts";
import type { TracedKinds, Untraced } from "./traced_kinds.ts";
import { tracingOf } from "./traced_kinds.ts";
import traced from "./traced.json" with { type: "json" };

/**
 * A kind of step that is played with a known error. Null stands for any: an
 * error of the optimizer's step is every model's.
 */
export interface DoubtRow {
  type: string | null;
  method: StepKind["method"] | null;
  settings: string[];
  /** Settings that code beside the model's answers; left out where none is. */
  extras?: string[];
  /** How it is spread over GPUs; left out where it is not. */
  spread?: string[];
  optimizer: string | null;
  /** The worst errors of any phase, played ÷ traced − 1: at most 0, at least 0. */
  low: number;
  high: number;
}

/** Why a figure is doubted, and how far off the truth may lie. */
export interface Doubt {
  /** Shares of the figure that the truth may be: at most 1, and at least 1. */
  readonly low: number;
  readonly high: number;
  readonly texts: readonly string[];
}

/** What the project's traced steps say. */
export interface StepEvidence {
  readonly traced: TracedKinds;
  readonly doubts: readonly DoubtRow[];
}

const OWN: StepEvidence = { traced, doubts: doubts as DoubtRow[] };

/**
 * What nine in ten steps of types that had never been compared turned out to be,
 * as shares of their figures: 61 traced steps of 11 types, from gpt_oss and
 * llama4_text to olmo3, when they were first compared.
 */
export const FIRST_SIGHT = { low: 0.99, high: 1.29 } as const;

/**
 * From this error on, a kind casts doubt on others of its type that were not
 * traced themselves; a smaller one is within any band.
 */
const CASTS_DOUBT = 0.03;

/**
 * The doubt about a kind of step: known errors of its own kind, or where that was
 * not traced, of kinds with some of its settings, or else the worst of its type's
 * that have more of them or train otherwise; and settings that were traced with
 * none.
 *
 * @param kind See {@linkcode stepKindOf}.
 * @param evidence What `deno task doubts` has written, unless told otherwise.
 */
export function doubtOf(
  kind: StepKind,
  { traced, doubts }: StepEvidence = OWN,
): Doubt {
  const tracing = tracingOf(kind, traced);
  const own = doubts.filter((row) => falls(kind, row, tracing === "exact"));
  const isKnown = tracing === "exact" || own.some(({ type }) => type !== null);
  const alike = isKnown ? [] : worstAlike(kind, doubts);
  const known = [...own, ...alike];
  const untraced = typeof tracing === "object" ? tracing : null;
  const ends = [
    ...known.map(({ low, high }) => ({
      low: 1 / (1 + high),
      high: 1 / (1 + low),
    })),
    ...(untraced ? [FIRST_SIGHT] : []),
  ];
  return {
    low: Math.min(1, ...ends.map(({ low }) => low)),
    high: Math.max(1, ...ends.map(({ high }) => high)),
    texts: [
      ...own.map((row) => knownText(kind, row)),
      ...alike.map((row) => alikeText(kind, row)),
      ...(untraced ? [untracedText(kind, untraced)] : []),
    ],
  };
}

/** Whether a row speaks of a kind. */
function falls(kind: StepKind, row: DoubtRow, exactly: boolean): boolean {
  if (row.optimizer !== null && row.optimizer !== kind.optimizer) return false;
  if (!isSpreadLike(kind, row.spread)) return false;
  if (row.type === null) return true;
  if (row.type !== kind.type || row.method !== kind.method) return false;
  const own = new Set(settingsIn(kind));
  const stated = [
    ...row.settings,
    ...row.extras ?? [],
    ...row.spread ?? [],
  ];
  return stated.every((setting) => own.has(setting)) &&
    (!exactly || stated.length === own.size);
}

/** Whether a kind is spread over GPUs as a row says. */
function isSpreadLike(
  { spread = [] }: StepKind,
  stated: readonly string[] = [],
): boolean {
  return stated.every((each) => spread.includes(each));
}

/**
 * The row that doubts most of a kind's type, where one is near; or none. What code
 * beside the model's gets wrong says nothing of steps that do not run it.
 */
function worstAlike(kind: StepKind, doubts: readonly DoubtRow[]): DoubtRow[] {
  const { settings: own } = kind;
  const near = doubts.filter((
    { type, settings, extras = [], spread, optimizer },
  ) =>
    type === kind.type && isSpreadLike(kind, spread) &&
    (optimizer === null || optimizer === kind.optimizer) &&
    extras.every((extra) => kind.extras.includes(extra)) &&
    (settings.every((setting) => own.includes(setting)) ||
      own.every((setting) => settings.includes(setting)))
  ).filter((row) => errorOf(row) >= CASTS_DOUBT);
  return near.toSorted((a, b) => errorOf(b) - errorOf(a)).slice(0, 1);
}

function errorOf({ low, high }: DoubtRow): number {
  return Math.max(-low, high);
}

/** A row in words: "falcon, full training, attention sdpa". */
export function rowWords(
  { type, method, settings, extras = [], spread = [], optimizer }: DoubtRow,
): string {
  return [
    type,
    method === null ? null : METHOD_WORDS[method],
    ...settings,
    ...extras,
    ...spread,
    optimizer,
  ].filter((word) => word !== null).join(", ");
}

/** The type that ranks compute in, after what a kind is called. */
function computedWords({ computed }: StepKind): string {
  return computed === undefined ? "" : `, computed in ${computed}`;
}

function knownText(kind: StepKind, row: DoubtRow): string {
  return `Known error: traced steps of this kind (${rowWords(row)}${
    computedWords(kind)
  }) are played up to ${
    errorWords(row)
  } in some phase; the band is that much wider`;
}

function alikeText(kind: StepKind, row: DoubtRow): string {
  return `Known error of a kind like this one: traced steps of ${
    rowWords(row)
  } are played up to ${errorWords(row)} in some phase, and ${
    METHOD_WORDS[kind.method]
  } with these settings${
    computedWords(kind)
  } was not traced; the band is that much wider`;
}

function errorWords({ low, high }: DoubtRow): string {
  return [
    low < 0 ? `${percent(-low)} too low` : null,
    high > 0 ? `${percent(high)} too high` : null,
  ].filter((text) => text !== null).join(" and ");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function untracedText(kind: StepKind, { of, settings }: Untraced): string {
  const { type, method } = kind;
  switch (of) {
    case "type":
      return `Model type "${type}" is played by its tensors' names and its config: its code was not traced; the band is wider`;
    case "method":
      return `Model type "${type}": its code was not traced with ${
        METHOD_WORDS[method]
      }${computedWords(kind)}; the band is wider`;
    case "settings":
      return `Model type "${type}": its code was not traced with ${
        METHOD_WORDS[method]
      } and ${settings.join(", ")}${computedWords(kind)}; the band is wider`;
  }
}
