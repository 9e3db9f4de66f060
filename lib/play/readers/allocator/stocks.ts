import type { FreeBlocks } from "../../memory/allocator/free_blocks.ts";
import { NONE } from "../../memory/allocator/free_blocks.ts";
import type { Origins } from "./origins.ts";

/** Blocks of a bin that are looked through for one. */
const FAR = 32;

/** What was taken of the blocks that a bin held at the start. */
export interface Stock {
  readonly bin: number;
  /** The highest rank by address, from the lowest, that a request found. */
  highest: number;
  /** Its base. */
  base: number;
  /** Ranks of blocks that are gone. */
  readonly gone: Set<number>;
  /** Blocks that were joined with others: their ranks and bases. */
  readonly joined: [rank: number, base: number][];
}

/** The first rank from one on whose block still stands. */
export function nextRank({ gone }: Stock, from = 0): number {
  let rank = from;
  while (gone.has(rank)) rank++;
  return rank;
}

/**
 * The rank that a block had in its bin at the start; infinite where that is far.
 *
 * @param origins Of blocks that were touched, and so are not of the stock.
 */
export function rankOf(
  stock: Stock,
  block: number,
  bins: FreeBlocks,
  origins: Origins,
): number {
  const list = bins.lists[stock.bin];
  let rank = nextRank(stock);
  for (let at = 0; at < FAR; at++) {
    const other = list?.at(at) ?? NONE;
    if (other === NONE) break;
    if (other === block) return rank;
    if (!origins.has(other)) rank = nextRank(stock, rank + 1);
  }
  return Infinity;
}
