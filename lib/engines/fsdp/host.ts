import { stateActs } from "../../optimizers/step_acts.ts";
import type { Stepped } from "../../optimizers/step_acts.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { HostPart } from "../engine.ts";

/**
 * What a rank keeps on its host where FSDP offloads: shards and their gradients,
 * page-locked, and the states that the optimizer makes there, which are not.
 *
 * Sources: pytorch torch/distributed/fsdp/_flat_param.py, init_flat_param_attributes;
 * _fully_shard/_fsdp_api.py, CPUOffloadPolicy; _fsdp_collectives.py, foreach_reduce
 */
export function offloadedShards(
  stepped: Stepped,
  scenario: Scenario,
  { shards, gradients }: {
    readonly shards: number;
    readonly gradients: number;
  },
): HostPart[] {
  const states = stateActs(stepped, scenario).reduce(
    (sum, { buffer }) => sum + buffer.bytes,
    0,
  );
  return [
    { name: "weights", label: "shards", bytes: shards, pinned: true },
    {
      name: "gradients",
      label: "shards' gradients",
      bytes: gradients,
      pinned: true,
    },
    {
      name: "optimizer states",
      label: `states of ${scenario.optimizer.name}`,
      bytes: states,
      pinned: false,
    },
  ];
}
