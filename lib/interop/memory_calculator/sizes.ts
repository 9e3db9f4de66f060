import type { Dims } from "../../scenario/model_field.ts";

/**
 * The shape that the calculator's quick command gives a size, which its
 * activations are counted from. Beyond 65B it is GPT-3's.
 *
 * Source: George614/gpu-mem-calculator@2f345d1, `cli/main.py`.
 */
export function calculatorsModelOfSize(parameters: number): Dims {
  const billions = parameters / 1e9;
  const [, hidden_size, layers] =
    QUICK_SHAPES.find(([most]) => billions <= most) ?? LARGEST;
  return {
    parameters,
    layers,
    hidden_size,
    attention_heads: Math.floor(hidden_size / HEAD_DIM),
    vocab_size: 32_000,
    tie_embeddings: false,
    gated_mlp: true,
  };
}

const HEAD_DIM = 128;

type Shape = readonly [most: number, hidden: number, layers: number];

const QUICK_SHAPES: readonly Shape[] = [
  [1, 768, 12],
  [7, 4096, 32],
  [13, 5120, 40],
  [30, 6656, 60],
  [65, 8192, 80],
];
const LARGEST: Shape = [Infinity, 12_288, 96];
