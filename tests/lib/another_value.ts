import { describeField } from "../../lib/mod.ts";

/** Values of fields whose kind does not give any that can be used. */
const VALUES: Readonly<Record<string, unknown>> = {
  "train.trainable": ["lm_head"],
  "train.trainable_parameters": "lm_head.*",
  "train.lora.targets": "all-linear",
  "train.lora.target_parameters": ["mlp.experts.down_proj"],
  "train.lora.modules_to_save": ["lm_head"],
  "train.lora.trainable_parameters": 1000,
  "train.lora.dropout": 0.5,
  "train.image_size": [224, 224],
  "train.rollout.memory_utilization": 0.5,
  "train.teacher": {
    config: { model_type: "qwen2", hidden_size: 64, "a.b": { c: [1] } },
  },
  "train.critic": "gpt2",
  "train.reward_model": "gpt2",
  "optimizer.name": "sgd",
  "quantization.weights": "int8",
  "quantization.skip_modules": ["k_proj"],
  "parallel.split_points": ["layers.8", "layers.16"],
  "engine.recompute_modules": ["mlp"],
  "engine.bucket_cap_mb": 100,
  "hardware.gpu": "T4",
  "software.max_split_size_mb": 64,
  "hardware.gpus": ["RTX 4090", "RTX 3090"],
  "serve.memory_utilization": 0.5,
  "serve.swa_full_tokens_ratio": 0.5,
  "serve.draft_model": "gpt2",
  "serve.tensor_split": [3, 1.5],
  "factors.fused_loss_factor": 0.5,
  "factors.grad_ckpt_reduction": 0.5,
  "multipliers.gradient_checkpointing": 0.5,
  "multipliers.inference_activations": 0.5,
};

/**
 * A value of a field other than its usual one.
 *
 * @param values Those that are wanted of some fields.
 */
export function anotherValue(
  path: string,
  usual: unknown,
  values: Readonly<Record<string, unknown>> = {},
): unknown {
  if (path in values) return values[path];
  if (path in VALUES) return VALUES[path];
  const field = describeField(path);
  // A version is a text of its own kind.
  if (path.startsWith("software.") && field.kind === "text") return "1.2.3";
  if (field.kind === "switch") return usual !== true;
  if (field.kind === "choice") {
    return field.options.find((option) => option !== String(usual));
  }
  return 2;
}
