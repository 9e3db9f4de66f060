import type { Architecture } from "../../models/architecture.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { groupDigits } from "../../units/mod.ts";

/** Bytes of numbers, the likelier first. */
const WIDTHS = [4, 2, 8, 1];

/** The rows and tokens that a rank's tensors have. */
export interface BatchShape {
  readonly rows: number;
  readonly tokens: number;
}

/** Objectives whose examples are pairs, which the model sees one after the other. */
const PAIRED: ReadonlySet<string> = new Set(["dpo", "orpo", "cpo", "reward"]);

/** The batch of a scenario, as its tensors have it. */
export function batchOf(
  { task, train, serve, parallel }: Scenario,
): BatchShape {
  return task === "train"
    ? {
      rows: train.micro_batch * (PAIRED.has(train.objective ?? "") ? 2 : 1),
      tokens: Math.ceil(train.sequence_length / parallel.cp),
    }
    : { rows: serve.batch, tokens: serve.input_tokens };
}

/** Dimensions by which tensors are as large as they are. */
export function dimensionsOf(
  architecture: Architecture,
  tp: number,
): number[] {
  const {
    hidden_size,
    intermediate_size,
    vocab_size,
    attention_heads,
    kv_heads,
    head_dim,
    expert_intermediate_size,
  } = architecture;
  const whole = [
    vocab_size,
    intermediate_size,
    hidden_size,
    attention_heads * head_dim,
    kv_heads * head_dim,
    expert_intermediate_size,
    (attention_heads + 2 * kv_heads) * head_dim,
    2 * intermediate_size,
    head_dim,
  ].filter((size) => size > 0);
  const split = tp === 1
    ? []
    : whole.filter((size) => size % tp === 0).map((size) => size / tp);
  return [...new Set([...whole, ...split])];
}

/**
 * Writes bytes as the product of a model's dimensions and the batch, as somebody
 * would who knows the tensor: "2 × 4,096 × 128,256 × 4 B".
 *
 * @param label What the tensor is, which may say its type.
 * @param batch Null of a tensor that no batch makes larger, such as a parameter.
 * @returns Null where they are no such product.
 */
export function asProduct(
  bytes: number,
  label: string,
  batch: BatchShape | null,
  architecture: Architecture,
  tp: number,
): string | null {
  const dims = dimensionsOf(architecture, tp);
  const heads = [
    architecture.attention_heads,
    architecture.attention_heads / tp,
  ]
    .filter((count) => count > 0 && Number.isInteger(count));
  const widths = /bf16|fp16/.test(label)
    ? [2]
    : /fp32/.test(label)
    ? [4]
    : WIDTHS;
  // Losses of older releases leave each sequence's last token out.
  const shapes = batch === null
    ? []
    : [batch.tokens, batch.tokens - 1].filter((count) => count > 0);
  for (const s of shapes) {
    const b = batch?.rows ?? 1;
    for (const width of widths) {
      for (const size of dims) {
        if (b * s * size * width === bytes) return product([b, s, size], width);
      }
      for (const count of heads) {
        if (b * count * s * s * width === bytes) {
          return product([b, count, s, s], width);
        }
      }
      if (b * s * width === bytes) return product([b, s], width);
    }
  }
  for (const width of widths) {
    for (const size of dims) {
      for (const other of dims) {
        if (size * other * width === bytes) {
          return product([size, other], width);
        }
      }
    }
  }
  return null;
}

/** "2 × 4,096 × 128,256 × 4 B" */
export function product(sizes: readonly number[], width: number): string {
  return [...sizes.map(groupDigits), `${width} B`].join(" × ");
}
