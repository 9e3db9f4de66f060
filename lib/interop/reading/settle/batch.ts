import type { Problem } from "../../../scenario/problem.ts";
import type { Merged } from "./merged.ts";
import { mergedValueAt } from "./merged.ts";
import { assumeOneReplica, replicaOf } from "./mesh.ts";

/**
 * A batch over all GPUs decides the accumulation, or the number of GPUs, or has
 * to agree with both.
 *
 * @returns What is wrong with it, or null.
 */
export function settleBatch(merged: Merged): Problem | null {
  const { stated, facts, assumed } = merged;
  const batch = facts.get("global_batch");
  if (!batch) return null;
  const numberAt = (path: string): number =>
    Number(mergedValueAt(merged, path) ?? 1);
  const total = Number(batch.value);
  const micro = numberAt("train.micro_batch");
  const replica = replicaOf(merged);
  const accumulation = stated.get("train.gradient_accumulation");
  const problem = (limit: string): Problem => ({
    path: batch.key,
    message: `${batch.key} ${limit}: current value is ${total}`,
  });
  if (!stated.has("parallel.gpus") && accumulation) {
    const step = micro * Number(accumulation.value);
    if (!(total % step === 0)) {
      return problem(
        `must be a multiple of the micro batch × accumulation = ${step}`,
      );
    }
    assumed.set("parallel.gpus", {
      value: (total / step) * replica,
      reason: `${batch.key} ÷ micro batch ÷ accumulation gives the replicas`,
    });
    return null;
  }
  if (
    !stated.has("train.micro_batch") && !assumed.has("train.micro_batch")
  ) {
    const per = numberAt("parallel.gpus") / replica *
      Number(accumulation?.value ?? 1);
    if (!(total % per === 0)) {
      return problem(`must be a multiple of replicas × accumulation = ${per}`);
    }
    assumed.set("train.micro_batch", {
      value: total / per,
      reason: `${batch.key} ÷ replicas ÷ accumulation`,
    });
    return null;
  }
  if (mergedValueAt(merged, "parallel.gpus") === undefined && replica > 1) {
    assumeOneReplica(merged);
  }
  const step = micro * numberAt("parallel.gpus") / replica;
  if (accumulation) {
    const product = step * Number(accumulation.value);
    return product === total ? null : problem(
      `must be micro batch × accumulation × replicas = ${product}`,
    );
  }
  if (!(total % step === 0)) {
    return problem(`must be a multiple of micro batch × replicas = ${step}`);
  }
  assumed.set("train.gradient_accumulation", {
    value: total / step,
    reason: `${batch.key} ÷ micro batch ÷ replicas`,
  });
  return null;
}
