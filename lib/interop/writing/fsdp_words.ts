/** FSDP's sharding strategies by the Scenario's names. */
export const STRATEGIES = {
  full: "FULL_SHARD",
  grad_op: "SHARD_GRAD_OP",
  hybrid: "HYBRID_SHARD",
  none: "NO_SHARD",
} as const;
