import type { PartName } from "../../answer/parts.ts";

/** Memory of one purpose, as an answer names it. */
export interface Group {
  readonly part: PartName;
  readonly label: string;
  /** How many tensors it counts as. */
  readonly count: number;
  /** What its bytes are so many times a number of; null where that says nothing. */
  readonly elements: number | null;
}

/** Storages of one size that follow one another. */
export interface Piece {
  readonly group: Group;
  /** Of each, rounded as the allocator does. */
  readonly bytes: number;
  readonly count: number;
}

/** Memory that is taken and freed at once, such as that of a layer's weights. */
export interface Buffer {
  /** The tensor or module that it is of. */
  readonly name: string;
  readonly pieces: readonly Piece[];
  /** How often the pieces follow one another. */
  readonly copies: number;
  /** Of all. */
  readonly bytes: number;
  /**
   * The stream that it is taken on, beside the one that computes: the allocator
   * keeps blocks of each stream for that one alone.
   */
  readonly stream?: string;
}

/**
 * A buffer of so many copies of pieces; empty pieces and equal neighbours are joined.
 *
 * @param stream See {@linkcode Buffer.stream}.
 */
export function bufferOf(
  name: string,
  pieces: readonly Omit<Piece, "count">[],
  copies = 1,
  stream?: string,
): Buffer {
  const joined: { group: Group; bytes: number; count: number }[] = [];
  for (const { group, bytes } of pieces) {
    const last = joined.at(-1);
    if (last?.group === group && last.bytes === bytes) last.count++;
    else if (bytes > 0) joined.push({ group, bytes, count: 1 });
  }
  const once = joined.reduce((sum, { bytes, count }) => sum + bytes * count, 0);
  const bytes = copies * once;
  return stream === undefined
    ? { name, pieces: joined, copies, bytes }
    : { name, pieces: joined, copies, bytes, stream };
}
