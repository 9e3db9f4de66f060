import type { Model } from "../../models/model.ts";
import { codeOfType } from "../../models/families/mod.ts";
import type { ModelBuffer } from "../../models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../../models/tensors/tensor.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import { isFrom } from "../../scenario/version.ts";

/**
 * The bytes of a model's buffers, as its code of the scenario's release has them:
 * GPT-2's causal masks are gone from transformers 5.2 on.
 *
 * Source: huggingface/transformers models/gpt2/modeling_gpt2.py
 */
export function bufferBytes(
  { buffers, architecture }: Model,
  { software, precision }: Scenario,
): number {
  const gone = codeOfType(architecture.type).weights.buffersGone;
  const areGone = gone !== null && isFrom(software.transformers, gone.from);
  return buffers
    .filter(({ name }) => !(areGone && gone.names.test(name)))
    .reduce(
      (sum, buffer) => sum + bytesOf(buffer, DTYPE_BYTES[precision.weights]),
      0,
    );
}

function bytesOf(buffer: ModelBuffer, weights: number): number {
  const each = buffer.as_weights ? weights : buffer.bytes_per_element;
  return copiesOf(buffer) * roundedBytes(elementsOf(buffer) * each);
}
