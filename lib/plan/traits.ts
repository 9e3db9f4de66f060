import type { ActivationKind } from "../play/torch/ops/activations.ts";
import { activationKind } from "../play/torch/ops/activations.ts";
import type { NormKind } from "../play/torch/ops/norms.ts";
import type { FusedLayout } from "./fused_layout.ts";
import { fusedLayoutOf } from "./fused_layout.ts";

/** What a model type's code does beside what its tensors tell. */
export interface Traits {
  /** How norms without a bias are computed; those with one are LayerNorms. */
  readonly norm: NormKind;
  /** Where norms stand: before each half, around it, after it, or once for both. */
  readonly arrangement: "pre" | "sandwich" | "post" | "parallel";
  /** How heads learn their positions. */
  readonly rotary: "whole" | "part" | "halves" | "none";
  /** The share of a head that is turned. */
  readonly rotaryShare: number;
  readonly repeatedTables: boolean;
  /** Whether the part that is turned is turned token by token, as in GPT-J. */
  readonly turnsByToken: boolean;
  /** Whether heads are normed after they are turned. */
  readonly normsTurned: boolean;
  /** Whether turned heads are normed without parameters: Llama 4. */
  readonly normsBare: boolean;
  /** Whether eager attention multiplies queries and keys in fp32. */
  readonly wideScores: boolean;
  readonly wideRotary: boolean;
  readonly activation: ActivationKind;
  readonly wideSoftmax: boolean;
  readonly attentionSoftcap: boolean;
  readonly finalSoftcap: boolean;
  readonly dropout: { attention: number; residual: number; embedding: number };
  /** Whether a layer's code holds what its attention read till its end. */
  readonly holdsNormed: boolean;
  /** Whether a layer's code holds what its attention gave till its end. */
  readonly holdsAttended: boolean;
  /** Whether the layer's own code runs the MLP, over one variable. */
  readonly inlineMlp: boolean;
  readonly scaledResiduals: boolean;
  readonly scaledLogits: boolean;
  readonly scaledEmbeddings: boolean;
  /** How a fused projection of queries, keys and values is cut. */
  readonly fused: FusedLayout;
}

type Config = Readonly<Record<string, unknown>>;

/** Types whose norms and embeddings are Gemma's. */
export const GEMMA: ReadonlySet<string> = new Set([
  "gemma",
  "gemma2",
  "gemma3",
  "gemma3_text",
  "gemma3n",
  "gemma3n_text",
  "paligemma",
]);
const SANDWICH = new Set([
  "gemma2",
  "gemma3",
  "gemma3_text",
  "glm4",
  "gemma3n",
  "gemma3n_text",
]);
const POST = new Set(["olmo2", "olmo3", "exaone4"]);
const PARALLEL = new Set([
  "phi",
  "gptj",
  "gpt_neox",
  "falcon",
  "cohere",
  "cohere2",
  "stablelm_parallel",
]);
const WITHOUT_ROTARY = new Set([
  "gpt2",
  "gpt_bigcode",
  "gpt_neo",
  "opt",
  "bloom",
  "mpt",
  "bert",
  "t5",
  "bart",
  "whisper",
  "mamba",
  "mamba2",
  "falcon_mamba",
  "jamba",
  "nemotron_h",
]);
/**
 * Types that turn a part of each head and join it with the rest, and the part
 * where the config does not say; phi3 joins even when the part is the whole.
 */
const PART_ROTARY: Readonly<Record<string, number>> = {
  phi: 0.5,
  phi3: 1,
  gpt_neox: 0.25,
  gptj: 0.25,
  codegen: 0.25,
  stablelm: 0.25,
  glm: 0.5,
  glm4: 0.5,
  glm4_moe: 0.5,
  persimmon: 0.5,
  nemotron: 0.5,
  bamba: 0.5,
};
/** Types that repeat cosines and sines in each layer. */
const REPEATED_TABLES = new Set([
  "glm",
  "glm4",
  "gptj",
  "codegen",
  "ernie4_5",
  "helium",
  // These pick each feature from the tables of time, height or width.
  "qwen2_vl",
  "qwen2_5_vl",
]);
/**
 * Types that turn a part of each head while heads lie token by token, with tables
 * that are repeated for queries and for keys.
 */
const BY_TOKEN = new Set(["gptj", "codegen"]);
/** Types whose eager attention multiplies queries and keys in fp32. */
const WIDE_SCORES = new Set(["gptj", "codegen", "gpt_neo"]);
/** Types that multiply embeddings, residuals and logits, if only by one. */
const MULTIPLIED = new Set([
  "granite",
  "granitemoe",
  "granitemoehybrid",
  "granitemoeshared",
]);
/** Types that turn heads in fp32. */
const WIDE_ROTARY = new Set([
  "cohere",
  "cohere2",
  "olmo",
  "olmo2",
  "olmo3",
  "ernie4_5",
  "llama4_text",
]);
/** Types whose eager attention leaves the softmax in the heads' type. */
const NARROW_SOFTMAX = new Set(["gpt2", "falcon", "bert"]);
/** Types whose layers have an MLP's two linears as their own. */
const INLINE_MLP = new Set(["biogpt", "opt", "xglm"]);
/** Types whose layers keep that too; GPT-NeoX's hand it over at once. */
const HOLDS_NORMED = new Set(["falcon", "stablelm"]);
/** Types whose layers keep it in a variable: the others overwrite theirs. */
const HOLDS_ATTENDED = new Set([
  "gpt2",
  "gpt_bigcode",
  "gpt_neo",
  "mpt",
  "stablelm",
]);
/** Defaults of dropout where a config.json does not state it. */
const DROPOUT = new Set(["gpt2", "gpt_bigcode", "bert"]);

/** Reads the traits of a model type off its config, or takes its defaults. */
export function traitsOf(
  type: string,
  config: Config,
  headDim: number,
): Traits {
  const text = innerConfig(config);
  const number = (keys: readonly string[], fallback: number) => {
    for (const key of keys) {
      const value = text[key];
      if (typeof value === "number") return value;
    }
    return fallback;
  };
  // GPT-J counts the features that it turns.
  const rotaryDim = ["gptj", "codegen"].includes(type)
    ? number(["rotary_dim"], 64)
    : null;
  const usual = DROPOUT.has(type) ? 0.1 : 0;
  const act = text["hidden_activation"] ?? text["hidden_act"] ??
    text["activation_function"] ?? text["afn"] ??
    (type === "nemotron_h" ? text["mlp_hidden_act"] : null) ??
    defaultActivation(type);
  return {
    norm: normOf(type),
    arrangement: arrangementOf(type, text),
    rotary: WITHOUT_ROTARY.has(type) || (type === "granitemoehybrid" &&
        text["position_embedding_type"] !== "rope")
      ? "none"
      : Object.hasOwn(PART_ROTARY, type)
      ? "part"
      : type === "gpt_oss"
      ? "halves"
      : "whole",
    rotaryShare: rotaryDim === null
      ? number(["partial_rotary_factor", "rotary_pct"], PART_ROTARY[type] ?? 1)
      : rotaryDim / headDim,
    repeatedTables: REPEATED_TABLES.has(type),
    wideRotary: WIDE_ROTARY.has(type),
    turnsByToken: BY_TOKEN.has(type),
    normsTurned: type.startsWith("hunyuan_v1") || type.startsWith("llama4"),
    normsBare: type.startsWith("llama4") && text["use_qk_norm"] !== false,
    wideScores: WIDE_SCORES.has(type),
    activation: activationKind(typeof act === "string" ? act : "silu"),
    wideSoftmax: !NARROW_SOFTMAX.has(type),
    attentionSoftcap: type === "gemma2"
      ? text["attn_logit_softcapping"] !== null
      : isNumber(text["attn_logit_softcapping"]),
    finalSoftcap: type === "gemma2"
      ? text["final_logit_softcapping"] !== null
      : isNumber(text["final_logit_softcapping"]),
    dropout: {
      attention: number(
        ["attn_pdrop", "attention_dropout", "attention_probs_dropout_prob"],
        type === "seed_oss" ? 0.1 : usual,
      ),
      residual: number(
        type === "opt" ? ["dropout"] : [
          "resid_pdrop",
          "residual_dropout",
          "hidden_dropout_prob",
          "hidden_dropout",
        ],
        type === "opt" || type === "seed_oss" ? 0.1 : usual,
      ),
      embedding: number(["embd_pdrop", "hidden_dropout_prob"], usual),
    },
    inlineMlp: INLINE_MLP.has(type),
    holdsNormed: HOLDS_NORMED.has(type),
    holdsAttended: HOLDS_ATTENDED.has(type),
    scaledResiduals: MULTIPLIED.has(type) ||
      isNumber(text["residual_multiplier"]),
    scaledLogits: MULTIPLIED.has(type) || isNumber(text["logits_scaling"]) ||
      isNumber(text["logit_scale"]),
    fused: fusedLayoutOf(type, text),
    scaledEmbeddings: GEMMA.has(type) || MULTIPLIED.has(type) ||
      isNumber(text["embedding_multiplier"]),
  };
}

function normOf(type: string): NormKind {
  if (GEMMA.has(type)) return "gemma";
  if (type.startsWith("cohere")) return "cohere";
  if (type === "olmo") return "bare";
  if (type === "nemotron") return "layer1p";
  // LayerNorms that have no bias.
  if (type === "mpt" || type === "dbrx") return "layer";
  return ["gpt_oss", "helium", "olmo2", "olmo3", "nemotron_h"].includes(type)
    ? "olmo2"
    : "rms";
}

function arrangementOf(type: string, config: Config): Traits["arrangement"] {
  if (SANDWICH.has(type)) return "sandwich";
  if (POST.has(type)) return "post";
  if (type === "gpt_neox" && config["use_parallel_residual"] === false) {
    return "pre";
  }
  if (
    type === "falcon" && config["parallel_attn"] === false &&
    config["new_decoder_architecture"] !== true
  ) return "pre";
  return PARALLEL.has(type) ? "parallel" : "pre";
}

function defaultActivation(type: string): string {
  switch (type) {
    case "gpt2":
    case "gptj":
    case "codegen":
    case "phi":
    case "gpt_neo":
      return "gelu_new";
    case "opt":
    case "t5":
      return "relu";
    case "nemotron":
    case "nemotron_h":
    case "persimmon":
    case "arcee":
      return "relu2";
    default:
      return "silu";
  }
}

/** The language model's own config, where a vision-language model nests it. */
export function innerConfig(config: Config): Config {
  const nested = config["text_config"] ?? config["llm_config"];
  return typeof nested === "object" && nested !== null
    ? { ...config, ...nested }
    : config;
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}
