import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";

/** The heads of an attention. */
export interface HeadSizes {
  hidden: number;
  heads: number;
  kvHeads: number;
  headDim: number;
}

/** Reads the heads as llama's config names them, and most after it. */
export function headsOf(config: ConfigReader): HeadSizes {
  const hidden = config.size("hidden_size");
  const heads = config.size("num_attention_heads");
  return {
    hidden,
    heads,
    // 0 is no number of heads: only silence leaves it to the others.
    kvHeads: config.has("num_key_value_heads")
      ? config.size("num_key_value_heads")
      : heads,
    headDim: config.has("head_dim")
      ? config.size("head_dim")
      : Math.floor(hidden / heads),
  };
}

/** q_proj, k_proj, v_proj and o_proj under one name. */
export function attentionTensors(
  scope: TensorScope,
  { hidden, heads, kvHeads, headDim }: HeadSizes,
  { bias = false, outputBias = bias, name = "self_attn", output = "o_proj" }: {
    bias?: boolean;
    outputBias?: boolean;
    name?: string;
    output?: string;
  } = {},
): void {
  const at = scope.scope(name);
  at.linear("q_proj", hidden, heads * headDim, {
    role: "q",
    bias,
    cut: "column",
  });
  at.linear("k_proj", hidden, kvHeads * headDim, {
    role: "k",
    bias,
    cut: "column",
  });
  at.linear("v_proj", hidden, kvHeads * headDim, {
    role: "v",
    bias,
    cut: "column",
  });
  at.linear(output, heads * headDim, hidden, {
    role: "o",
    bias: outputBias,
    cut: "row",
  });
}

/** gate_proj, up_proj and down_proj under one name. */
export function gatedMlp(
  scope: TensorScope,
  hidden: number,
  intermediate: number,
  { bias = false, name = "mlp" }: { bias?: boolean; name?: string } = {},
): void {
  const at = scope.scope(name);
  at.linear("gate_proj", hidden, intermediate, {
    role: "gate",
    bias,
    cut: "column",
  });
  at.linear("up_proj", hidden, intermediate, {
    role: "up",
    bias,
    cut: "column",
  });
  at.linear("down_proj", intermediate, hidden, {
    role: "down",
    bias,
    cut: "row",
  });
}

/**
 * Experts as transformers 5 keeps them: two 3-D parameters,
 * gate_up_proj [experts, 2 x intermediate, hidden] and
 * down_proj [experts, hidden, intermediate].
 */
export function stackedExperts(
  scope: TensorScope,
  { experts, hidden, intermediate }: {
    experts: number;
    hidden: number;
    intermediate: number;
  },
): void {
  scope.parameter("gate_up_proj", [experts, 2 * intermediate, hidden], {
    role: "gate_up",
    split: 1,
    expert: true,
  });
  scope.parameter("down_proj", [experts, hidden, intermediate], {
    role: "down",
    split: 2,
    expert: true,
  });
}
