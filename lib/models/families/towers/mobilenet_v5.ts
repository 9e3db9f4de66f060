import type { LayerRange } from "../../tensors/tensor.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import type { TowerFamily } from "./tower.ts";

/** Convolutions of one block: what it widens to, and its depthwise kernels. */
interface Bottleneck {
  inputs: number;
  inner: number;
  outputs: number;
  /** Kernels of the depthwise convolutions before and after widening. */
  start?: number;
  middle?: number;
}

/** The attention of one stage, whose heads share one key and one value. */
interface StageAttention {
  width: number;
  heads: number;
  headDim: number;
  /** Whether keys and values are taken from a smaller picture. */
  shrinks: boolean;
}

/**
 * MobileNetV5-300M, Gemma 3n's eye: a fixed network of four stages.
 *
 * Source: huggingface/pytorch-image-models timm/models/mobilenetv5.py
 */
export const mobilenetV5: TowerFamily = (_, scope) => {
  const stem = scope.scope("conv_stem");
  stem.conv("conv", [64, 3, 3, 3], { bias: true });
  stem.norm("bn", 64);
  const stage = (name: string, first: number, end: number, step = 1) => {
    const layers: LayerRange[] = [[first, end, step]];
    return scope.layers(`blocks.${name}`, layers);
  };
  edge(stage("0", 0, 1), [64, 256, 128]);
  edge(stage("0", 1, 3), [128, 512, 128]);

  const small = { inputs: 256, inner: 1024, outputs: 256 };
  bottleneck(stage("1", 0, 1), {
    inputs: 128,
    inner: 768,
    outputs: 256,
    start: 3,
    middle: 5,
  });
  bottleneck(stage("1", 1, 5, 2), { ...small, start: 5 });
  bottleneck(stage("1", 2, 5, 2), { ...small, start: 3 });

  const medium = { inputs: 640, outputs: 640 };
  bottleneck(stage("2", 0, 1), {
    inputs: 256,
    inner: 1536,
    outputs: 640,
    start: 5,
    middle: 5,
  });
  bottleneck(stage("2", 1, 8), { ...medium, inner: 2560, start: 5 });
  bottleneck(stage("2", 8, 9), { ...medium, inner: 640 });
  attend(stage("2", 9, 37, 2), {
    width: 640,
    heads: 12,
    headDim: 64,
    shrinks: true,
  });
  bottleneck(stage("2", 10, 37, 2), { ...medium, inner: 1280 });

  bottleneck(stage("3", 0, 1), {
    inputs: 640,
    inner: 3840,
    outputs: 1280,
    start: 5,
    middle: 5,
  });
  attend(stage("3", 1, 39, 2), {
    width: 1280,
    heads: 16,
    headDim: 96,
    shrinks: false,
  });
  bottleneck(stage("3", 2, 39, 2), {
    inputs: 1280,
    inner: 2560,
    outputs: 1280,
  });

  // The last two stages side by side make the tokens.
  const fusion = scope.scope("msfa");
  widenAndNarrow(fusion.scope("ffn"), {
    inputs: 1920,
    inner: 3840,
    outputs: 2048,
  });
  fusion.norm("norm", 2048);
};

/** A full convolution that widens and one that narrows. */
function edge(
  at: TensorScope,
  [inputs, inner, outputs]: readonly [
    inputs: number,
    inner: number,
    outputs: number,
  ],
): void {
  at.conv("conv_exp", [inner, inputs, 3, 3]);
  at.norm("bn1", inner);
  at.conv("conv_pwl", [outputs, inner, 1, 1]);
  at.norm("bn2", outputs);
}

function bottleneck(at: TensorScope, block: Bottleneck): void {
  const { inputs, inner, outputs, start, middle } = block;
  if (start) normed(at.scope("dw_start"), [inputs, 1, start, start]);
  if (middle) normed(at.scope("dw_mid"), [inner, 1, middle, middle]);
  widenAndNarrow(at, block);
  at.parameter("layer_scale.gamma", [outputs], { role: "norm" });
}

function widenAndNarrow(
  at: TensorScope,
  { inputs, inner, outputs }: Bottleneck,
): void {
  normed(at.scope("pw_exp"), [inner, inputs, 1, 1]);
  normed(at.scope("pw_proj"), [outputs, inner, 1, 1]);
}

function normed(
  at: TensorScope,
  shape: readonly [outputs: number, ...rest: number[]],
): void {
  at.conv("conv", shape);
  at.norm("bn", shape[0]);
}

function attend(
  layer: TensorScope,
  { width, heads, headDim, shrinks }: StageAttention,
): void {
  layer.norm("norm", width);
  const at = layer.scope("attn");
  const all = heads * headDim;
  at.conv("query.proj", [all, width, 1, 1], { role: "q" });
  for (const [name, role] of [["key", "k"], ["value", "v"]] as const) {
    if (shrinks) {
      at.conv(`${name}.down_conv`, [width, 1, 3, 3]);
      at.norm(`${name}.norm`, width);
    }
    at.conv(`${name}.proj`, [headDim, width, 1, 1], { role });
  }
  at.conv("output.proj", [width, all, 1, 1], { role: "o" });
  layer.parameter("layer_scale.gamma", [width], { role: "norm" });
}
