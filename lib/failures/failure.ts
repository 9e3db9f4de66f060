import type { Printed } from "./printed.ts";

/** What a program ran short of, or what a table of memory shows. */
export type FailureKind =
  /** A request that the GPU had no room for. */
  | "allocation"
  /** The driver or a library had no room, and said no figures. */
  | "bare"
  /** A serving engine's cache would not hold one sequence. */
  | "cache"
  /** A serving engine would have no cache at all. */
  | "no cache"
  /** A serving engine found less free than it is to take. */
  | "start"
  /** The machine's own memory, not a GPU's. */
  | "host"
  /** The fast memory of a multiprocessor, which no setting of a run enlarges. */
  | "shared"
  /** No failure: a table of what is held. */
  | "table";

/** What was being allocated, where the text says it. */
export type FailedWhat =
  | "weights"
  | "KV cache"
  | "compute buffers"
  | "CUDA graphs"
  | "sampler"
  | "profile run";

/** Somebody who holds memory of a GPU. */
export interface Holder {
  /** A process's number, or its program. */
  readonly name: string;
  readonly bytes: number;
}

/** A program's message that memory ran short, in figures; null of what it does not say. */
export interface Failure {
  readonly kind: FailureKind;
  /** Whose message it is: "PyTorch", "vLLM", … */
  readonly tool: string;
  /** The message, shortened. */
  readonly message: string;
  /** Where in the text it ends: what led to it stands before. */
  readonly at: number;
  /** The rank, thread or container that wrote it; "" of none. */
  readonly who: string;
  /** The GPU's number on its machine. */
  readonly device: number | null;
  readonly tried: Printed | null;
  readonly capacity: Printed | null;
  readonly free: Printed | null;
  readonly allocated: Printed | null;
  readonly reserved: Printed | null;
  /** What the failing process held, memory beside PyTorch's included. */
  readonly process: Printed | null;
  /** What a process, or one request, may take at most, where that is less than the capacity. */
  readonly allowed: Printed | null;
  readonly others: readonly Holder[];
  readonly what: FailedWhat | null;
  /** Tokens that were asked for and that there is room for, of a cache. */
  readonly tokens: { asked: number | null; room: number | null } | null;
  /** Largest blocks that stood, of a snapshot. */
  readonly blocks: readonly { bytes: number; count: number }[];
}

/** A message without figures, to be filled. */
export function failureOf(
  own: Pick<Failure, "kind" | "tool" | "message" | "at"> & Partial<Failure>,
): Failure {
  return {
    who: "",
    device: null,
    tried: null,
    capacity: null,
    free: null,
    allocated: null,
    reserved: null,
    process: null,
    allowed: null,
    others: [],
    what: null,
    tokens: null,
    blocks: [],
    ...own,
  };
}

/** Longest part of a message that is repeated. */
const MOST_SHOWN = 400;

/** A message as it is repeated: on a line, without what no page may hold. */
export function shownMessage(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cs}\s]+/gu, " ").trim();
  return plain.length > MOST_SHOWN ? `${plain.slice(0, MOST_SHOWN)}…` : plain;
}
