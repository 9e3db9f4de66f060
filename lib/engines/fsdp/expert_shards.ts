/** Ranks that have the same experts, and how many share them all. */
export interface ExpertShards {
  /** Groups of experts, each of which other ranks have. */
  readonly ep: number;
  /** Ranks that share a group's shards, and which of them this is. */
  readonly ranks: number;
  readonly rank: number;
}

/** How so many ranks share experts that torchtitan deals out to groups. */
export function expertShards(
  ep: number,
  ranks: number,
  rank: number,
): ExpertShards {
  return { ep, ranks: ranks / ep, rank: Math.floor(rank / ep) };
}
