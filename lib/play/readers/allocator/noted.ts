import type { Guard, Order, SizeRange } from "./conditions.ts";
import { NONE } from "../../memory/allocator/free_blocks.ts";
import type { Origins } from "./origins.ts";
import type { Base, Period, StoragePlace, StretchPiece } from "./period.ts";
import type { Player } from "./player.ts";
import type { PoolRun } from "./runs.ts";
import type { Stock } from "./stocks.ts";

/** What `PeriodLog` has noted when its runs are over. */
export interface Noted {
  readonly player: Player;
  readonly start: Pick<Player, "used" | "others"> & { reserved: number };
  /** The most that used and others reached beyond their sum at the start. */
  readonly high: number;
  readonly bases: Base[];
  /** The stretch that each base belongs to: bases that became neighbours. */
  readonly stretches: readonly number[][];
  readonly origins: Origins;
  readonly stocks: ReadonlyMap<number, Stock>;
  /** Where memory was at the start that was handed on as it was. */
  readonly moved: ReadonlyMap<number, StoragePlace>;
  readonly guard: Guard;
  /**
   * For each class of requests: up to where no other block was free that would
   * have been large enough.
   */
  readonly lacking: readonly number[];
  readonly order: Order;
}

/**
 * Sums up what runs have done.
 *
 * @returns Null where somebody holds memory who is none of the runs' storages.
 */
export function periodOf(
  noted: Noted,
  runs: readonly PoolRun[],
): Period | null {
  const { player: { pool, used, others }, start, guard } = noted;
  const stretches = stretchesNow(noted, runs);
  if (stretches === null) return null;
  const needed = settleStocks(noted);
  guard.settle(noted.lacking.flatMap((to, request): SizeRange[] => {
    const from = pool.requests[request] as number;
    return from < to ? [[from, to]] : [];
  }));
  return {
    bases: noted.bases,
    guard,
    needed,
    moves: movesOf(noted, runs),
    order: noted.order.pairs,
    stretches,
    used: used - start.used,
    others: others - start.others,
    reserved: pool.reserved - start.reserved,
    high: noted.high,
  };
}

/**
 * A joined block is found by its rank where requests found one of a higher rank;
 * any other by what it lies beside, above all that requests found.
 *
 * @returns How many blocks each bin has to hold.
 */
function settleStocks(
  { stocks, bases, order }: Noted,
): [bin: number, blocks: number][] {
  const needed: [bin: number, blocks: number][] = [];
  for (const [bin, { highest, base: last, joined }] of stocks) {
    for (const [rank, base] of joined) {
      if (rank < highest) {
        const { size, before, after } = bases[base] as Base;
        bases[base] = { kind: "stock", bin, rank, size, before, after };
      } else if (last !== NONE) order.addBlock(last, 0, base, 0);
    }
    needed.push([bin, highest + 1]);
  }
  return needed;
}

/** Memory that was handed on as it was. */
function movesOf(
  { player, moved }: Noted,
  runs: readonly PoolRun[],
): Period["moves"] {
  const moves: { from: StoragePlace; to: StoragePlace }[] = [];
  if (moved.size === 0) return moves;
  for (const [block, to] of ownersIn(player, runs)) {
    const from = moved.get(block);
    if (from) moves.push({ from, to });
  }
  return moves;
}

/** What stretches are cut into; null where a piece is nobody's. */
function stretchesNow(
  { player, origins, stretches, bases: all }: Noted,
  runs: readonly PoolRun[],
): Period["stretches"] | null {
  const { pool } = player;
  const owners = new Map(ownersIn(player, runs));
  const blocksOf = new Map<number[], number[]>();
  for (const block of new Set(origins.touched)) {
    if (!origins.has(block)) continue;
    const stretch = stretches[origins.base(block)] as number[];
    const known = blocksOf.get(stretch);
    if (known) known.push(block);
    else blocksOf.set(stretch, [block]);
  }
  const found: { bases: number[]; pieces: StretchPiece[] }[] = [];
  for (const [bases, blocks] of blocksOf) {
    blocks.sort((a, b) =>
      (pool.address[a] as number) - (pool.address[b] as number)
    );
    const pieces: StretchPiece[] = [];
    for (const block of blocks) {
      const owner = pool.free[block] === 1 ? null : owners.get(block);
      if (owner === undefined) return null;
      pieces.push({ size: pool.size[block] as number, owner });
    }
    const { kind } = all[bases[0] as number] as Base;
    // A block of the stock that is whole and free again is as it was.
    const isAsBefore = kind === "stock" && bases.length === 1 &&
      pieces.length === 1 && pieces[0]?.owner === null;
    if (!isAsBefore) found.push({ bases, pieces });
  }
  return found;
}

/** The blocks that storages of runs have, and whose they are. */
function ownersIn(
  { memory }: Player,
  runs: readonly PoolRun[],
): [block: number, owner: StoragePlace][] {
  return runs.flatMap(({ instance: { compiled, base }, since }, run) =>
    Array.from(
      // An instance that ran before is there already.
      { length: since <= run ? 0 : compiled.kept },
      (_, place): [number, StoragePlace] => [
        memory[base + place] as number,
        { run, place },
      ],
    ).filter(([block]) => block !== NONE)
  );
}
