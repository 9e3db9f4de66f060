import { shardingOf } from "../parallel/sharding.ts";
import type { CollectiveName } from "../answer/traffic.ts";
import type { Message } from "./flow.ts";
import { spelledCount } from "./flow.ts";
import type { Share } from "./held.ts";
import type { RankGroup } from "./placement.ts";
import type { TrafficSetup } from "./setup.ts";
import { isFsdp } from "./setup.ts";

/** How an engine brings gradients together and parameters apart. */
interface Plan {
  /** All parameters are gathered this often per micro step. */
  gathers: number;
  reduce: CollectiveName;
  /** Whether gradients are reduced in every micro step, or in the last alone. */
  reducesEach: boolean;
  /** Whether what trains is gathered once after the optimizer's step. */
  gathersUpdated: boolean;
}

/**
 * Sources: S. Rajbhandari et al., "ZeRO" (arXiv:1910.02054), 7.1 and 7.2:
 * all-reduce of gradients 2Ψ; with sharded gradients reduce-scatter and
 * all-gather 2Ψ; with sharded parameters two gathers more, 3Ψ in all.
 * PyTorch, torch/distributed/fsdp/api.py, `ShardingStrategy`: FULL_SHARD gathers
 * before the forward and before the backward, SHARD_GRAD_OP before the forward.
 * DeepSpeed, deepspeed/runtime/zero/config.py,
 * `use_multi_rank_bucket_allreduce`: stages 1 and 2 all-reduce their buckets; and
 * engine.py, `allreduce_gradients`: from stage 2 on in every micro step.
 */
function planOf({ scenario, mesh }: TrafficSetup): Plan {
  const { engine, parallel } = scenario;
  const { stage } = shardingOf(engine, parallel, mesh);
  if (engine.name === "megatron" && stage === 1) {
    return {
      gathers: 0,
      reduce: "reduce-scatter",
      reducesEach: false,
      gathersUpdated: true,
    };
  }
  if (isFsdp(engine) && stage > 0) {
    return {
      gathers: stage === 3 ? 2 : 1,
      reduce: "reduce-scatter",
      reducesEach: true,
      gathersUpdated: false,
    };
  }
  if (stage === 3) {
    return {
      gathers: 2,
      reduce: "reduce-scatter",
      reducesEach: true,
      gathersUpdated: false,
    };
  }
  return {
    gathers: 0,
    reduce: "all-reduce",
    reducesEach: stage === 2,
    gathersUpdated: stage > 0,
  };
}

/** What data-parallel ranks send: gradients, and parameters that are sharded. */
export function dataMessages(setup: TrafficSetup): Message[] {
  const { held, groups } = setup;
  return [
    ...of(setup, held.common, groups.data, ""),
    ...of(setup, held.experts, groups.expertData, "experts' "),
  ];
}

function of(
  setup: TrafficSetup,
  share: Share,
  group: RankGroup,
  whose: string,
): Message[] {
  const { scenario, microSteps, gradientBytes, parameterBytes } = setup;
  const plan = planOf(setup);
  const calls = plan.reducesEach ? microSteps : 1;
  const isAdapted = scenario.train.method !== "full";
  // A hybrid shards within the node and keeps copies across nodes.
  const hybrid = isFsdp(scenario.engine) &&
    scenario.engine.sharding === "hybrid";
  const ways = hybrid
    ? Math.min(group.size, scenario.parallel.gpus_per_node)
    : group.size;
  const shards: RankGroup = { ...group, size: ways };
  const gathered = share.parameters + (isAdapted ? share.trainable : 0);

  const messages: Message[] = [];
  const gather = (what: string, times: number, count: number): void => {
    messages.push({
      group: shards,
      what: `${whose}${what}`,
      collective: "all-gather",
      elements: count,
      bytes: parameterBytes,
      spelled: spelledCount(count, "parameters"),
      calls: times,
    });
  };
  if (plan.gathers > 0) {
    gather(
      plan.gathers === 2
        ? "parameters, for the forward and for the backward pass"
        : "parameters, for the forward pass",
      plan.gathers * microSteps,
      gathered,
    );
  }
  messages.push({
    group: shards,
    what: `${whose}gradients`,
    collective: plan.reduce,
    elements: share.trainable,
    bytes: gradientBytes,
    spelled: spelledCount(share.trainable, "trainable"),
    calls,
  });
  if (hybrid) {
    messages.push({
      group: {
        ...group,
        size: Math.ceil(group.size / ways),
        stride: group.stride * ways,
      },
      what: `${whose}shards of gradients, between the copies`,
      collective: "all-reduce",
      elements: share.trainable / ways,
      bytes: gradientBytes,
      spelled: `${spelledCount(share.trainable, "trainable")} ÷ ${ways}`,
      calls,
    });
  }
  if (plan.gathersUpdated) {
    gather("updated parameters", 1, share.trainable);
  }
  return messages;
}

/** What was taken for granted about data parallelism. */
export function dataAssumptions(setup: TrafficSetup): string[] {
  const { scenario, mesh, groups, microSteps, held } = setup;
  if (groups.data.size === 1) return [];
  const { engine, parallel, train, quantization } = scenario;
  const { stage, deepspeed } = shardingOf(engine, parallel, mesh);
  const plan = planOf(setup);
  const said: string[] = [];
  if (deepspeed && (stage === 1 || stage === 2)) {
    said.push(
      "DeepSpeed all-reduces buckets of gradients (use_multi_rank_bucket_allreduce, its default); without, they cost half of that, as in the ZeRO paper",
    );
  }
  if (microSteps > 1) {
    said.push(
      plan.reducesEach
        ? "sharded gradients are reduced in every micro step; FSDP's no_sync would reduce whole ones once"
        : "gradients are reduced once a step, after the last micro step, as no_sync does",
    );
  }
  if (
    plan.gathers > 0 && (train.method === "qlora" ||
      quantization.weights !== "none")
  ) {
    said.push("quantised weights are gathered packed, as they are stored");
  }
  if (held.experts.parameters > 0 && !groups.splitsExperts) {
    said.push(
      "parallel.ep takes tensor parallel ranks too: each expert stays whole",
    );
  }
  return said;
}
