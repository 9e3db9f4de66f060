import type { Model } from "../../models/model.ts";
import type { Buffer } from "../../models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../../models/tensors/tensor.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { versionOf } from "../../scenario/version.ts";

/**
 * The bytes of a model's buffers, as its code of the scenario's release has them:
 * GPT-2's causal masks are gone from transformers 5.2 on.
 *
 * Source: huggingface/transformers models/gpt2/modeling_gpt2.py
 */
export function bufferBytes(
  { buffers, architecture }: Model,
  { software }: Scenario,
): number {
  const { major, minor } = versionOf(software.transformers) ??
    { major: 5, minor: 2 };
  const masksAreGone = architecture.type === "gpt2" &&
    (major > 5 || (major === 5 && minor >= 2));
  return buffers
    .filter(({ name }) => !(masksAreGone && MASK.test(name)))
    .reduce((sum, buffer) => sum + bytesOf(buffer), 0);
}

const MASK = /(^|\.)(cross)?attn\.bias$|(^|\.)crossattention\.bias$/;

function bytesOf(buffer: Buffer): number {
  return copiesOf(buffer) *
    roundedBytes(elementsOf(buffer) * buffer.bytes_per_element);
}
