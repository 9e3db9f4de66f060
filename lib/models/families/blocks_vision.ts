import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";

/** A whole number under a key, or the fallback. */
export function sizeOr(
  config: ConfigReader,
  key: string,
  fallback: number,
): number {
  return config.optional(key) ?? fallback;
}

/** A list of whole numbers, or null where the config has a single one. */
export function listOf(config: ConfigReader, key: string): number[] | null {
  const before = config.problems.length;
  const list = config.numbers(key);
  if (config.problems.length === before) return config.has(key) ? list : null;
  // Not a list: whoever reads it as a number says what is wrong with it.
  config.problems.length = before;
  return null;
}

/** Height and width, of which a config may give one number for both. */
export function pairOf(
  config: ConfigReader,
  key: string,
  fallback: number,
): readonly [number, number] {
  const list = listOf(config, key) ?? [sizeOr(config, key, fallback)];
  const [height = 1, width = height] = list.map((side) => Math.max(1, side));
  return [height, width];
}

/** The patches of an image and the sides of one, as a ViT cuts it. */
export function patchesOf(
  config: ConfigReader,
  { image, patch }: { image: number; patch: number },
): { patches: number; kernel: readonly [number, number] } {
  const [height, width] = pairOf(config, "image_size", image);
  const kernel = pairOf(config, "patch_size", patch);
  const patches = Math.floor(height / kernel[0]) *
    Math.floor(width / kernel[1]);
  return { patches, kernel };
}

/** An MLP of two biased linears without a gate. */
export function twoLinears(
  scope: TensorScope,
  width: number,
  intermediate: number,
  { bias = true, names = ["fc1", "fc2"] }: {
    bias?: boolean;
    names?: readonly [string, string];
  } = {},
): void {
  scope.linear(names[0], width, intermediate, {
    role: "up",
    bias,
    cut: "column",
  });
  scope.linear(names[1], intermediate, width, {
    role: "down",
    bias,
    cut: "row",
  });
}

/** The attention of a ViT, in which every head has keys of its own. */
export function vitAttention(
  scope: TensorScope,
  width: number,
  { bias = true, outputBias = bias, output = "out_proj", heads = null }: {
    bias?: boolean;
    outputBias?: boolean;
    output?: string;
    /** Of a tower whose heads have whole channels each, so that some may be left over. */
    heads?: number | null;
  } = {},
): void {
  const inner = heads === null ? width : heads * Math.floor(width / heads);
  for (const role of ["q", "k", "v"] as const) {
    scope.linear(`${role}_proj`, width, inner, { role, bias, cut: "column" });
  }
  scope.linear(output, inner, width, {
    role: "o",
    bias: outputBias,
    cut: "row",
  });
}

/** A layer of CLIP's encoder, which many towers share. */
export function clipLayer(
  layer: TensorScope,
  width: number,
  intermediate: number,
): void {
  vitAttention(layer.scope("self_attn"), width);
  layer.norm("layer_norm1", width, { bias: true });
  twoLinears(layer.scope("mlp"), width, intermediate);
  layer.norm("layer_norm2", width, { bias: true });
}

/** A projector of two linears, linear_1 and linear_2. */
export function projectorLinears(
  scope: TensorScope,
  { inputs, hidden, outputs = hidden, gated = false, bias = true }: {
    inputs: number;
    hidden: number;
    outputs?: number;
    /** Whether half of what the first yields is a gate to the other half. */
    gated?: boolean;
    bias?: boolean;
  },
): void {
  const inner = gated ? Math.floor(hidden / 2) : hidden;
  scope.linear("linear_1", inputs, hidden, { role: "projector", bias });
  scope.linear("linear_2", inner, outputs, { role: "projector", bias });
}
