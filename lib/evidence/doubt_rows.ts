import type { DoubtRow } from "./doubt.ts";
import { rowWords } from "./doubt.ts";
import type { StepKind } from "../methods/step_kind.ts";

/** A phase of a step, and played ÷ traced − 1. */
export type PhaseError = readonly [phase: string, error: number];

/** A traced step beside what is played. */
export interface ComparedStep {
  readonly kind: StepKind;
  readonly errors: readonly PhaseError[];
}

/** How far off a phase may be; what stands between phases is only counted. */
export const TOLERANCE = 5e-3;
export const TOLERANCE_BETWEEN = 1e-3;

/** The phases that are further off than that. */
export function beyond(errors: readonly PhaseError[]): PhaseError[] {
  return errors.filter(([phase, error]) =>
    Math.abs(error) >
      (phase === "load" || phase === "steady" ? TOLERANCE_BETWEEN : TOLERANCE)
  );
}

/** Works out doubts.json: a row for each kind of which some step is off. */
export function doubtRows(steps: readonly ComparedStep[]): DoubtRow[] {
  const rows = new Map<string, DoubtRow>();
  for (const { kind, errors } of steps) {
    const off = beyond(errors);
    if (off.length === 0) continue;
    const row = rowOf(kind, off);
    const key = rowWords(row);
    const found = rows.get(key);
    rows.set(key, {
      ...row,
      low: Math.min(row.low, found?.low ?? 0),
      high: Math.max(row.high, found?.high ?? 0),
    });
  }
  return [...rows].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, row]) => row);
}

function rowOf(kind: StepKind, off: readonly PhaseError[]): DoubtRow {
  const errors = off.map(([, error]) => error);
  const ends = {
    low: outwards(Math.min(0, ...errors)),
    high: outwards(Math.max(0, ...errors)),
  };
  const { type, method, settings, extras, spread = [], optimizer } = kind;
  const over = spread.length > 0 ? { spread: [...spread] } : {};
  return off.every(([phase]) => phase === "optimizer")
    ? { type: null, method: null, settings: [], ...over, optimizer, ...ends }
    : {
      type,
      method,
      settings: [...settings],
      ...(extras.length > 0 ? { extras: [...extras] } : {}),
      ...over,
      optimizer: null,
      ...ends,
    };
}

/** To a thousandth, away from 0. */
function outwards(error: number): number {
  const thousands = Math.ceil(Math.abs(1000 * error) - 1e-9);
  return Math.sign(error) * thousands / 1000 || 0;
}

/**
 * The ratchet: what is wrong with recorded doubts in the light of new ones.
 * Errors may not grow, and what got better has to be written down.
 */
export function ratchet(
  recorded: readonly DoubtRow[],
  now: readonly DoubtRow[],
): { worse: string[]; better: string[] } {
  const before = byWords(recorded);
  const after = byWords(now);
  const worse: string[] = [];
  const better: string[] = [];
  for (const words of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(words) ?? RIGHT;
    const own = after.get(words) ?? RIGHT;
    const change = `${words}: ${errorWords(own)}, recorded ${errorWords(old)}`;
    if (own.low < old.low || own.high > old.high) worse.push(change);
    else if (own.low > old.low || own.high < old.high) better.push(change);
  }
  return { worse, better };
}

const RIGHT = { low: 0, high: 0 };

function byWords(rows: readonly DoubtRow[]): Map<string, DoubtRow> {
  return new Map(rows.map((row) => [rowWords(row), row]));
}

function errorWords({ low, high }: Pick<DoubtRow, "low" | "high">): string {
  return low === 0 && high === 0
    ? "no error"
    : `${(100 * low).toFixed(1)} % to +${(100 * high).toFixed(1)} %`;
}
