import type { Scenario } from "../scenario/schema.ts";
import type { Mesh } from "./mesh.ts";

/** Which trainable state an engine splits over replicas, and over how many. */
export interface Sharding {
  /**
   * The ZeRO stage that splits the same state: 1 optimizer states, 2 also
   * gradients, 3 also parameters.
   */
  stage: 0 | 1 | 2 | 3;
  /** Replicas that share one copy. */
  ways: number;
  /** Whether DeepSpeed runs, whose own buffers some methods count. */
  deepspeed: boolean;
  /** What was taken for granted to answer in these terms. */
  assumptions: string[];
}

/** FSDP's strategies as ZeRO stages (PyTorch, `ShardingStrategy`). */
const FSDP_STAGE = { full: 3, hybrid: 3, grad_op: 2, none: 0 } as const;

/** Reads an engine's settings as the ZeRO stage that shards the same state. */
export function shardingOf(
  engine: Scenario["engine"],
  parallel: Scenario["parallel"],
  mesh: Mesh,
): Sharding {
  const stage = engine.zero_stage as Sharding["stage"];
  const whole = { ways: mesh.dp, deepspeed: false, assumptions: [] };
  switch (engine.name) {
    case "auto":
      return { ...whole, stage, deepspeed: stage > 0 };
    case "deepspeed":
    case "megatron-deepspeed":
      return { ...whole, stage, deepspeed: true };
    case "fsdp":
    case "fsdp2":
      return {
        ...whole,
        stage: FSDP_STAGE[engine.sharding],
        ways: engine.sharding === "hybrid"
          ? Math.min(mesh.dp, parallel.gpus_per_node)
          : mesh.dp,
        assumptions: [
          `FSDP's sharding "${engine.sharding}" is counted as ZeRO stage ${
            FSDP_STAGE[engine.sharding]
          }, without its gather buffers`,
        ],
      };
    case "megatron":
      return {
        ...whole,
        stage: engine.distributed_optimizer ? 1 : 0,
        assumptions: engine.distributed_optimizer
          ? ["Megatron's distributed optimizer is counted as ZeRO stage 1"]
          : [],
      };
    case "single":
    case "ddp":
      return { ...whole, stage: 0 };
  }
}
