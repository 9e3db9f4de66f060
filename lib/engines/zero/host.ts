import { statesOf } from "../../optimizers/rules.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { HostMemory, RankQuestion } from "../engine.ts";
import { flatTrained } from "./common.ts";

/** Ranks that share a host. */
export function ranksOfNode({ scenario, mesh }: RankQuestion): number {
  return Math.min(mesh.gpus, scenario.parallel.gpus_per_node);
}

/** Bytes of the states that the host keeps of so many elements. */
export function hostStates({ rule }: RankQuestion, elements: number): number {
  return statesOf(rule, "for-loop", flatTrained(elements)).reduce(
    (sum, bytes) => sum + bytes,
    0,
  );
}

/**
 * ZeRO 1 and 2 with the optimizer on the host: fp32 partition, its gradients, a copy
 * in the model's type and a buffer for the largest gradient lie page-locked, as
 * pin_memory asks for; states do not.
 *
 * Source: deepspeed/runtime/zero/stage_1_and_2.py, __init__,
 * initialize_optimizer_states
 */
export function offloadedPartition(
  question: RankQuestion,
  elements: number,
  largest: number,
  dtype: Dtype,
): HostMemory {
  const each = DTYPE_BYTES[dtype];
  const pinned = elements * (4 + 4 + each) + largest * each;
  const ranks = ranksOfNode(question);
  return {
    bytes: ranks * (pinned + hostStates(question, elements)),
    pinned: ranks * pinned,
  };
}

/**
 * ZeRO 3 with the optimizer, and parameters, on the host. NVMe keeps sub-groups in
 * files; the host has buffers to read and write so many of them at once.
 *
 * Sources: deepspeed/runtime/zero/stage3.py, _create_fp32_partitions,
 * _setup_for_real_optimizer, _create_param_groups_fp16_flat_cpu_memory;
 * runtime/swap_tensor/partitioned_optimizer_swapper.py; zero/offload_config.py,
 * buffer_count and buffer_size
 */
export function offloadedParameters(
  question: RankQuestion,
  groups: readonly { readonly size: number }[],
  dtype: Dtype,
): HostMemory {
  const { offload_optimizer, offload_parameters } = question.scenario.engine;
  const each = DTYPE_BYTES[dtype];
  const elements = groups.reduce((sum, { size }) => sum + size, 0);
  const largest = Math.max(0, ...groups.map(({ size }) => size));
  let pinned = 0;
  let states = 0;
  if (offload_parameters === "cpu") pinned += elements * each;
  if (offload_parameters === "nvme") pinned += SWAPPED * each;
  if (offload_optimizer === "cpu") {
    pinned += elements * (4 + 4 + each);
    states = hostStates(question, elements);
  }
  if (offload_optimizer === "nvme") {
    pinned += elements * each + OPTIMIZER_BUFFERS * 4 * largest;
  }
  const ranks = ranksOfNode(question);
  return { bytes: ranks * (pinned + states), pinned: ranks * pinned };
}

/** Elements of the buffers that parameters are read into: 5 of 1e8. */
const SWAPPED = 5 * 1e8;

/** fp32 buffers of a sub-group's size that its states are read into. */
const OPTIMIZER_BUFFERS = 4;
