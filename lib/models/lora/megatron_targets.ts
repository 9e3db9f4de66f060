import type { Role, Tensor } from "../tensors/tensor.ts";
import type { LoraSettings } from "./settings.ts";

/** What LoRA() of Megatron-Bridge adapts unless told otherwise. */
const OWN = ["linear_qkv", "linear_proj", "linear_fc1", "linear_fc2"] as const;

/** Matrices whose parts may be adapted one by one, in the order of their outputs. */
export const PARTS_OF: Readonly<Record<string, readonly string[]>> = {
  linear_qkv: ["linear_q", "linear_k", "linear_v"],
  linear_fc1: ["linear_fc1_gate", "linear_fc1_up"],
};

/** A tensor's matrix of Megatron-Core, and what part of it that tensor is. */
export interface MergedPart {
  readonly matrix: string;
  /** The matrix itself where it is all of it. */
  readonly part: string;
}

/** Whether attention is DeepSeek's, whose latents have matrices of their own. */
export function isLatentAttention(tensors: readonly Tensor[]): boolean {
  return tensors.some(({ name }) => /\bkv_a_proj_with_mqa\b/.test(name));
}

/**
 * The matrix of Megatron-Core that a tensor of a layer is in; null where it is in
 * none: queries, keys and values are one, and so are gate and up.
 *
 * Source: NVIDIA-NeMo/Megatron-Bridge src/megatron/bridge/models/conversion/
 * param_mapping.py, QKVMapping, GatedMLPMapping
 */
export function mergedPartOf(
  tensor: Tensor,
  isLatent: boolean,
): MergedPart | null {
  const { role, layers, piece, shape } = tensor;
  if (piece !== "language_model" || layers === null || shape.length < 2) {
    return null;
  }
  const latent = isLatent ? LATENTS[lastKey(tensor)] : undefined;
  if (latent) return { matrix: latent, part: latent };
  const [matrix, part = matrix] = BY_ROLE[role] ?? [];
  return matrix && part ? { matrix, part } : null;
}

/** The name of the module that holds a tensor. */
export function lastKey({ name }: Tensor): string {
  return name.replace(/\.weight$/, "").split(".").pop() ?? "";
}

const LATENTS: Readonly<Record<string, string>> = {
  q_proj: "linear_q_proj",
  q_a_proj: "linear_q_down_proj",
  q_b_proj: "linear_q_up_proj",
  kv_a_proj_with_mqa: "linear_kv_down_proj",
  kv_b_proj: "linear_kv_up_proj",
};

const BY_ROLE: Partial<
  Record<Role, readonly [matrix: string, part?: string]>
> = {
  q: ["linear_qkv", "linear_q"],
  k: ["linear_qkv", "linear_k"],
  v: ["linear_qkv", "linear_v"],
  qkv: ["linear_qkv"],
  o: ["linear_proj"],
  gate: ["linear_fc1", "linear_fc1_gate"],
  up: ["linear_fc1", "linear_fc1_up"],
  gate_up: ["linear_fc1"],
  down: ["linear_fc2"],
};

/**
 * The names of Megatron-Bridge that targets stand for, or why it cannot adapt them.
 * Names of transformers' modules stand for the matrices that these are in.
 *
 * Source: NVIDIA-NeMo/Megatron-Bridge src/megatron/bridge/peft/lora.py, LoRA;
 * canonical_lora.py, CanonicalLoRA
 */
export function megatronTargets(
  { targets, dora, bias, modules_to_save, target_parameters }: LoraSettings,
  tensors: readonly Tensor[],
): ReadonlySet<string> | string {
  if (dora) return "train.lora.dora is not played with Megatron-Core";
  if (bias !== "none") {
    return `train.lora.bias must be none with Megatron-Core, whose biases do not train: current value is ${bias}`;
  }
  if (modules_to_save.length + target_parameters.length > 0) {
    const field = modules_to_save.length > 0
      ? "modules_to_save"
      : "target_parameters";
    return `train.lora.${field} must be empty with Megatron-Core: train.lora.targets names what Megatron-Bridge adapts`;
  }
  if (targets === "default" || targets === "all-linear") return new Set(OWN);
  if (!Array.isArray(targets)) {
    return `train.lora.targets must be names with Megatron-Core (${
      OWN.join(", ")
    }): a pattern is matched by PEFT alone`;
  }
  const names = meant(targets, tensors);
  for (const [whole, parts] of Object.entries(PARTS_OF)) {
    const given = parts.filter((name) => names.has(name));
    if (given.length === 0) continue;
    if (given.length < parts.length) {
      return `train.lora.targets must name all of ${
        parts.join(", ")
      }, or ${whole}, with Megatron-Core, where they are one matrix: it has ${
        given.join(", ")
      } alone`;
    }
    if (names.has(whole)) {
      return `train.lora.targets must name either ${whole} or its parts ${
        parts.join(", ")
      } with Megatron-Core`;
    }
  }
  return names;
}

/** Names of a list, those of transformers' modules in Megatron-Bridge's. */
function meant(
  targets: readonly string[],
  tensors: readonly Tensor[],
): ReadonlySet<string> {
  const isLatent = isLatentAttention(tensors);
  const hasGate = tensors.some(({ role }) =>
    role === "gate" || role === "gate_up"
  );
  // Experts bore these names before they were one tensor.
  const known = new Map([
    ["gate_proj", "linear_fc1_gate"],
    ["up_proj", "linear_fc1_up"],
    ["down_proj", "linear_fc2"],
  ]);
  for (const tensor of tensors) {
    const merged = mergedPartOf(tensor, isLatent);
    if (!merged) continue;
    const { matrix, part } = merged;
    // Without a gate, up is all of the matrix.
    known.set(
      lastKey(tensor),
      matrix === "linear_fc1" && !hasGate ? matrix : part,
    );
  }
  return new Set(targets.map((name) => known.get(name) ?? name));
}
