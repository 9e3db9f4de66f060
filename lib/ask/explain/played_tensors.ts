import type { Step } from "../../engines/step.ts";
import type { FailedMoment } from "../../failures/moments.ts";
import type { Act, Run } from "../../play/program/act.ts";
import { changeOf } from "../../play/readers/peak.ts";
import type { Segment } from "../../play/record/block.ts";

/** A tensor of a played step that has the size that was asked for. */
export interface PlayedTensor {
  readonly label: string;
  readonly part: string;
  readonly bytes: number;
  readonly phase: Act["phase"];
  readonly at: Act["at"];
  /** Bytes of tensors that stand when it is made. */
  readonly standing: number;
  /** How ill it goes with what else the text says; 0 is best. */
  readonly misfit: number;
}

/** Sizes of a segment that are looked at. */
const MOST_OF_SEGMENT = 64;
/** Tensors that are told. */
const MOST_TOLD = 3;

interface Match {
  readonly label: string;
  readonly part: string;
  readonly bytes: number;
  /** What the segment holds beyond its start when it is made. */
  readonly before: number;
}

/** What a text says of a tensor. */
interface Beside {
  /** Whether a tensor of so many bytes, as the allocator counts it, is the one. */
  readonly isSize: (bytes: number) => boolean;
  /** Bytes that PyTorch had allocated; null where it is not told. */
  readonly allocated: number | null;
  /** What tensors may have at most: the memory less all that others hold. */
  readonly room: number | null;
  readonly moment: FailedMoment | null;
}

/**
 * Finds the tensors of a step that a message may be of: those of its size, as the
 * allocator rounds it, the likeliest first.
 */
export function playedTensors(
  { program: { load, first, step } }: Pick<Step, "program">,
  beside: Beside,
): PlayedTensor[] {
  const found = new Map<string, PlayedTensor>();
  const known = new Map<Segment, readonly Match[]>();
  let standing = 0;
  const keep = (act: Act, { label, part, bytes, before }: Match): void => {
    const { phase, at } = act;
    const then = standing + before;
    const made = { label, part, bytes, phase, at, standing: then };
    const misfit = misfitOf(made, beside);
    const key = `${label}|${phase}`;
    const other = found.get(key);
    if (!other || misfit < other.misfit) found.set(key, { ...made, misfit });
  };
  for (const act of [...load, ...first, ...step]) {
    if (act.act === "run") {
      for (const match of matchesOf(act, known, beside.isSize)) {
        keep(act, match);
      }
    } else if (act.act === "take") {
      for (const { group, bytes } of act.buffer.pieces) {
        if (!beside.isSize(bytes)) continue;
        keep(act, {
          label: labelOf(group.label, act.buffer.name),
          part: group.part,
          bytes,
          before: 0,
        });
      }
    }
    standing += changeOf(act).net;
  }
  const all = [...found.values()].sort((a, b) => a.misfit - b.misfit);
  const least = Math.floor(all[0]?.misfit ?? 0);
  return all.filter(({ misfit }) => misfit < least + 1)
    .filter(({ label }, at, own) =>
      own.findIndex((each) => each.label === label) === at
    )
    .slice(0, MOST_TOLD);
}

/** A buffer of one parameter is told by the parameter's name. */
function labelOf(label: string, name: string): string {
  return name.includes(".") ? `${label}, of ${name}` : label;
}

function matchesOf(
  { segment }: Run,
  known: Map<Segment, readonly Match[]>,
  isSize: Beside["isSize"],
): readonly Match[] {
  const before = known.get(segment);
  if (before) return before;
  const { tape: { events, bytes, labels, parts }, from, to } = segment;
  const found: Match[] = [];
  let net = 0;
  for (let at = from; at < to; at++) {
    const event = events[at] as number;
    const id = event >= 0 ? event : ~event;
    const size = bytes[id] ?? 0;
    if (event >= 0) {
      if (found.length < MOST_OF_SEGMENT && isSize(size)) {
        found.push({
          label: labels[id] ?? "",
          part: parts[id] ?? "",
          bytes: size,
          before: net,
        });
      }
      net += size;
    } else net -= size;
  }
  known.set(segment, found);
  return found;
}

/** Labels by what the innermost calls tell. */
const INNER: Readonly<Record<string, RegExp>> = {
  "the scores of attention": /score|attention weights|softmax/,
  "the log-softmax of the logits": /log-softmax/,
  "the attention mask": /mask/,
  "the MLP": /MLP|expert/,
  "a norm": /norm/,
  "logits in fp32": /logits in fp32/,
  "the output head": /logits/,
  "dequantised weights": /dequantised|quantised/,
  "optimizer states": /states/,
  "gathered parameters": /gathered|parameters/,
  "gradients": /gradient/,
  "token embeddings": /embed|hidden states/,
};

/**
 * How ill a tensor goes with what else is told: whole numbers for another moment and
 * for another kind of tensor, and below 1 by how far what stood then is off.
 */
function misfitOf(
  made: Omit<PlayedTensor, "misfit">,
  { allocated, room, moment }: Beside,
): number {
  const inner = moment?.inner ? INNER[moment.inner] : undefined;
  const other = (moment && !isThen(made, moment) ? 2 : 0) +
    (inner && !inner.test(made.label) ? 1 : 0);
  if (allocated !== null) {
    const off = Math.abs(made.standing - allocated) / Math.max(1, allocated);
    return other + Math.min(0.999, off);
  }
  if (room === null) return other;
  // The first request that there is no room for.
  const over = made.standing + made.bytes - room;
  return other + (over > 0 ? 0.4 * over / (over + room) : 0.5);
}

/** Whether a tensor is made when a stack of calls says that it was. */
function isThen(
  { phase, at, part }: Pick<PlayedTensor, "phase" | "at" | "part">,
  { name }: FailedMoment,
): boolean {
  switch (name) {
    case "load":
      return phase === "load";
    case "loss":
      return part === "logits and loss" || phase === "forward" && at === "head";
    case "evaluate":
      return phase === "evaluation" || phase === "forward";
    case "forward":
    case "generate":
      return phase === "forward" || phase === "rollout";
    case "backward":
      return phase === "backward";
    case "optimizer":
      return phase === "optimizer";
    case "set-up":
      return phase === "load" || phase === "optimizer";
    default:
      return true;
  }
}
