import type { RankGroups } from "../../parallel/groups.ts";
import { ringOf } from "../../parallel/groups.ts";
import type { FsdpPolicy } from "./policy.ts";

/**
 * Who shares shards, and who has the same: shards lie beside each other.
 *
 * @param inner Ranks that share a layer, and lie closer still.
 */
export function fsdpGroups(
  { ranks, replicas, reshard, experts, expertRanks }: FsdpPolicy,
  inner = 1,
): Partial<RankGroups> {
  const dealt = experts?.ep ?? expertRanks;
  return {
    shards: ringOf("data", ranks, inner),
    "shards after forward": ringOf(
      "data",
      typeof reshard === "number" ? reshard : ranks,
      inner,
    ),
    replicas: ringOf("data", replicas, ranks * inner),
    "expert data": ringOf("data", ranks / dealt, dealt * inner),
  };
}
