import { changeOf } from "../../play/readers/peak.ts";
import type { Act, Program } from "../../play/program/act.ts";

/** Bytes of so many sequences: a number of its own, and one for each. */
interface Line {
  readonly fixed: number;
  readonly each: number;
}

/**
 * How many sequences fit, of two programs of unlike many: what each event of a
 * program takes is a straight line over the sequences, so that the largest batch is
 * found without a further one.
 *
 * @param playOf Plays so many sequences.
 * @param limit Bytes that tensors can reach.
 */
export function sequencesWithin(
  playOf: (batch: number) => Program,
  limit: number,
): number {
  const [few, more] = [FEW, FEW + 1].map(playOf) as [Program, Program];
  const most = mostWithin(few, more, limit);
  if (most >= FEW) return most;
  // One sequence alone may be run by other code than several.
  return peakOf(playOf(1)) <= limit ? 1 : 0;
}

/** What several sequences do holds for any more of them. */
const FEW = 2;

function mostWithin(few: Program, more: Program, limit: number): number {
  let most = Infinity;
  const bound = (fixed: number, each: number) => {
    if (fixed + each * FEW > limit) most = 0;
    else if (each > 0) {
      most = Math.min(most, Math.floor((limit - fixed) / each));
    }
  };
  let base: Line = lineOf(loadOf(few), loadOf(more));
  bound(base.fixed, base.each);
  for (const [index, act] of few.step.entries()) {
    const other = more.step[index];
    if (!other) break;
    boundWithin(act, other, base, bound);
    if (most === 0) return 0;
    const change = lineOf(changeOf(act).net, changeOf(other).net);
    base = plus(base, change);
  }
  return most;
}

/** Looks at each event of what an act runs. */
function boundWithin(
  act: Act,
  other: Act,
  base: Line,
  bound: (fixed: number, each: number) => void,
): void {
  if (act.act !== "run" || other.act !== "run") return;
  const { tape, from, to } = act.segment;
  const large = other.segment;
  let few = 0;
  let more = 0;
  for (let at = from; at < to; at++) {
    const event = tape.events[at] ?? 0;
    const twin = large.tape.events[large.from + at - from] ?? 0;
    const id = event >= 0 ? event : ~event;
    const own = tape.bytes[id] ?? 0;
    const next = large.tape.bytes[twin >= 0 ? twin : ~twin] ?? 0;
    if (event < 0) {
      few -= own;
      more -= next;
      continue;
    }
    few += own;
    more += next;
    const each = more - few;
    bound(base.fixed + few - each * FEW, base.each + each);
  }
}

function loadOf({ load }: Program): number {
  return load.reduce((sum, { buffer }) => sum + buffer.bytes, 0);
}

function lineOf(few: number, more: number): Line {
  const each = more - few;
  return { fixed: few - each * FEW, each };
}

function plus(a: Line, b: Line): Line {
  return { fixed: a.fixed + b.fixed, each: a.each + b.each };
}

/** The most that a program's tensors reach. */
function peakOf(program: Program): number {
  let current = loadOf(program);
  let most = current;
  for (const act of program.step) {
    const { net, peak } = changeOf(act);
    most = Math.max(most, current + peak);
    current += net;
  }
  return most;
}
