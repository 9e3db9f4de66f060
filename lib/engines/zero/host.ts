import { statesOf } from "../../optimizers/rules.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { HostPart, RankQuestion } from "../engine.ts";
import { flatTrained } from "./common.ts";

/** States that the host keeps of so many elements; they are not page-locked. */
function hostStates(question: RankQuestion, elements: number): HostPart {
  const { rule, scenario } = question;
  return {
    name: "optimizer states",
    label: `states of ${scenario.optimizer.name} of this rank's partition`,
    bytes: statesOf(rule, "for-loop", flatTrained(elements)).reduce(
      (sum, bytes) => sum + bytes,
      0,
    ),
    pinned: false,
  };
}

function pinned(
  name: HostPart["name"],
  label: string,
  bytes: number,
): HostPart {
  return { name, label, bytes, pinned: true };
}

/**
 * ZeRO 1 and 2 with the optimizer on the host: fp32 partition, its gradients, a copy
 * in the model's type and a buffer for the largest gradient lie page-locked, as
 * pin_memory asks for; states do not.
 *
 * Source: deepspeed/runtime/zero/stage_1_and_2.py, __init__,
 * initialize_optimizer_states, async_accumulate_grad_in_cpu_via_gpu
 *
 * @param accumulated Elements of gradients that wait for further micro-batches.
 */
export function offloadedPartition(
  question: RankQuestion,
  elements: number,
  largest: number,
  dtype: Dtype,
  accumulated: number,
): HostPart[] {
  const each = DTYPE_BYTES[dtype];
  return [
    pinned("gradients", "its parameters' so far", accumulated * each),
    pinned("weights", `the partition in ${dtype}`, elements * each),
    pinned("gradients", "the partition's in fp32", elements * 4),
    pinned(
      "communication buffers",
      "the largest gradient on its way",
      largest * each,
    ),
    pinned("master weights", "the partition in fp32", elements * 4),
    hostStates(question, elements),
  ];
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
): HostPart[] {
  const { offload_optimizer, offload_parameters } = question.scenario.engine;
  const each = DTYPE_BYTES[dtype];
  const elements = groups.reduce((sum, { size }) => sum + size, 0);
  const largest = Math.max(0, ...groups.map(({ size }) => size));
  const parts: HostPart[] = [];
  if (offload_parameters === "cpu") {
    parts.push(pinned("weights", `the shard in ${dtype}`, elements * each));
  }
  if (offload_parameters === "nvme") {
    parts.push(
      pinned(
        "communication buffers",
        "buffers that parameters are read into",
        SWAPPED * each,
      ),
    );
  }
  if (offload_optimizer === "cpu") {
    parts.push(
      pinned("gradients", "the shard's in fp32", elements * 4),
      pinned("gradients", `the shard's in ${dtype}`, elements * each),
      pinned("master weights", "the shard in fp32", elements * 4),
      hostStates(question, elements),
    );
  }
  if (offload_optimizer === "nvme") {
    parts.push(
      pinned("gradients", `the shard's in ${dtype}`, elements * each),
      pinned(
        "communication buffers",
        "buffers that states are read into",
        OPTIMIZER_BUFFERS * 4 * largest,
      ),
    );
  }
  return parts;
}

/** Elements of the buffers that parameters are read into: 5 of 1e8. */
const SWAPPED = 5 * 1e8;

/** fp32 buffers of a sub-group's size that its states are read into. */
const OPTIMIZER_BUFFERS = 4;
