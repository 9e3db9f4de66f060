/** Arguments of Lightning's strategies that the engines have by these names. */
export const SETTINGS = {
  ddp: ["bucket_cap_mb", "gradient_as_bucket_view", "static_graph"],
  fsdp: ["use_orig_params", "forward_prefetch", "limit_all_gathers"],
  deepspeed: [
    "overlap_comm",
    "contiguous_gradients",
    "reduce_bucket_size",
    "allgather_bucket_size",
    "sub_group_size",
  ],
} as const;
