import type { RankGroups } from "../../parallel/groups.ts";
import { ringOf } from "../../parallel/groups.ts";
import type { FsdpPolicy } from "./policy.ts";

/** Who shares shards, and who has the same: shards lie beside each other. */
export function fsdpGroups(
  { ranks, replicas, reshard, experts, expertRanks }: FsdpPolicy,
): Partial<RankGroups> {
  const dealt = experts?.ep ?? expertRanks;
  return {
    shards: ringOf("data", ranks, 1),
    "shards after forward": ringOf(
      "data",
      typeof reshard === "number" ? reshard : ranks,
      1,
    ),
    replicas: ringOf("data", replicas, ranks),
    "expert data": ringOf("data", ranks / dealt, dealt),
  };
}
