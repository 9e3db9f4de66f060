import type { Tensor } from "../../models/tensors/tensor.ts";
import type { Scenario } from "../../scenario/schema.ts";

/**
 * Whether a tensor that PEFT has cast to fp32 is put back to bf16: embeddings and
 * head, in training in bf16.
 *
 * Source: huggingface/trl trainer/utils.py, peft_module_casting_to_bf16
 */
export function putsBack(
  { role, module }: Tensor,
  { software, precision }: Scenario,
): boolean {
  return software.trl !== null && precision.autocast === "bf16" &&
    (role === "head" || module === "embedding");
}
