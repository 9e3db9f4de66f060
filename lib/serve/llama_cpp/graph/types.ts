import type { Config } from "../../../models/config.ts";
import type { GraphLayer } from "./plan.ts";
import type { Gating, GraphTraits } from "./traits.ts";
import { USUAL_GRAPH } from "./traits.ts";
import { sure } from "../ggml/sure.ts";

/*
 * What llama.cpp's graphs do by type, beside what their tensors tell.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/models/….cpp of each
 */

type Stated = Partial<GraphTraits>;

const GEMMA: Stated = { scalesQueries: true, scalesEmbeddings: true };
const PLAIN: Stated = { norm: "NORM", turns: () => false };
const PARALLEL: Stated = { form: "parallel", norm: "NORM" };
const GRANITE: Stated = {
  scalesEmbeddings: true,
  scalesResiduals: true,
  logits: "scaled",
};
const CHOSEN: Stated = {
  normsChosen: (config) => config["norm_topk_prob"] !== false,
};
const DEEPSEEK: Stated = { gating: scored, normsChosen: stated };
const DELTA: Stated = {
  asksEarly: true,
  cutsLate: true,
  cutsNormed: true,
  sharedGate: "sigmoid",
};

function scored(config: Config): Gating {
  return config["scoring_func"] === "sigmoid" ? "sigmoid" : "softmax";
}

function stated(config: Config): boolean {
  return config["norm_topk_prob"] === true;
}

/** Layers of windows are turned, those that see everything are not. */
function ofWindows(layer: GraphLayer): boolean {
  return layer.cache?.isWindow ?? false;
}

/** Whether a layer is listed as one without experts. */
function isDense({ index }: GraphLayer, kinds: unknown): boolean {
  return Array.isArray(kinds) && kinds[index] === "dense";
}

/** Every so manieth layer is not turned. */
function butEvery(keys: readonly string[], usual: number) {
  return ({ index }: GraphLayer, config: Config): boolean => {
    const listed = config["no_rope_layers"];
    if (Array.isArray(listed) && listed.length > 0) return listed[index] !== 0;
    const step =
      keys.map((key) => config[key]).find((value) =>
        typeof value === "number"
      ) ?? usual;
    return step === 0 || (index + 1) % Number(step) !== 0;
  };
}

/** Types whose graphs are not Llama's. */
const BY_TYPE: Readonly<Record<string, Stated>> = {
  apertus: {},
  arcee: { activation: "squared" },
  bloom: PLAIN,
  chatglm: {},
  cohere: { ...PARALLEL, logits: "scaled" },
  cohere2: {
    ...PARALLEL,
    logits: "scaled",
    turns: ofWindows,
    windows: true,
  },
  cohere2_moe: {
    ...PARALLEL,
    logits: "scaled",
    turns: (layer, config) =>
      ofWindows(layer) || isDense(layer, config["mlp_layer_types"]),
    windows: true,
    gating: (config) =>
      config["expert_selection_fn"] === "sigmoid" ? "sigmoid" : "softmax",
    normsChosen: stated,
    sharedSum: "mean",
    cutsLate: true,
    cutsNormed: true,
  },
  deepseek: CHOSEN,
  deepseek_v2: DEEPSEEK,
  deepseek_v3: { gating: "sigmoid", normsChosen: stated },
  dots1: { gating: scored, normsChosen: stated },
  ernie4_5: {},
  ernie4_5_moe: {},
  exaone_moe: {
    gating: "sigmoid",
    normsChosen: stated,
    windows: true,
    turns: ofWindows,
  },
  exaone4: {
    form: "post",
    windows: true,
    turns: (layer, config) =>
      ofWindows(layer) || typeof config["sliding_window"] !== "number",
  },
  falcon: { ...PARALLEL, sums: "mlp, attention" },
  falcon_h1: {},
  falcon_mamba: {},
  gemma: GEMMA,
  gemma2: {
    ...GEMMA,
    form: "sandwich",
    windows: true,
    logits: "capped",
    capsScores: true,
  },
  gemma3: { ...GEMMA, form: "sandwich", windows: true },
  gemma3_text: { ...GEMMA, form: "sandwich", windows: true },
  gemma4_text: {
    form: "sandwich",
    windows: true,
    scalesEmbeddings: true,
    logits: "capped",
    cutsLate: true,
    cutsNormed: true,
    normsValues: true,
    ownInputs: true,
  },
  glm: {},
  glm4: { form: "sandwich" },
  glm4_moe_lite: { gating: "sigmoid", normsChosen: stated },
  glm4_moe: { gating: "sigmoid", normsChosen: stated },
  glm4v_text: { form: "sandwich", positions: 4 },
  glm4v_moe_text: { gating: "sigmoid", normsChosen: stated, positions: 4 },
  gpt2: PLAIN,
  gpt_bigcode: PLAIN,
  gpt_neox: {
    norm: "NORM",
    form: "parallel",
  },
  gpt_oss: {
    gating: "late",
    normsChosen: false,
    cutsLate: true,
    windows: true,
  },
  granite: GRANITE,
  granitemoe: GRANITE,
  granitemoehybrid: {
    ...GRANITE,
    turns: (_, config) => config["position_embedding_type"] === "rope",
  },
  granitemoeshared: GRANITE,
  hunyuan_v1_dense: { normsTurned: true },
  hunyuan_v1_moe: { normsTurned: true },
  internlm2: {},
  internlm3: {},
  jais2: { norm: "NORM", activation: "squared" },
  jamba: { residualFirst: "both", turns: () => false, normsChosen: false },
  kimi_k2: DEEPSEEK,
  lfm2: { residualFirst: "both" },
  lfm2_moe: { residualFirst: "both", gating: "sigmoid" },
  llama: {},
  llama4_text: {
    windows: true,
    gating: "sigmoid",
    normsChosen: false,
    normsBare: (config) => config["use_qk_norm"] !== false,
    scalesUnturned: true,
    weighsFirst: true,
    turns: butEvery(["no_rope_layer_interval"], 4),
  },
  mamba: {},
  mamba2: {},
  minicpm: GRANITE,
  minimax_m2: { gating: "sigmoid" },
  ministral3: {},
  mistral: {},
  ministral: {},
  mixtral: {},
  mpt: PLAIN,
  nemotron: { norm: "NORM", activation: "squared" },
  nemotron_h: {
    activation: "squared",
    turns: () => false,
    cutsLate: true,
    cutsNormed: true,
    gating: "sigmoid",
    normsChosen: stated,
  },
  olmo: { norm: "NORM" },
  olmo2: { form: "post" },
  olmo3: { form: "post", windows: true },
  olmoe: { normsChosen: false },
  phi: { ...PARALLEL, scalesQueries: true, sums: "attention, mlp" },
  phi3: { scalesQueries: true, residualFirst: "second" },
  phimoe: { scalesQueries: true, residualFirst: "second", norm: "RMS_NORM" },
  qwen2: {},
  qwen2_5_vl_text: { positions: 4 },
  qwen2_moe: { normsChosen: false, sharedGate: "silu" },
  qwen2_vl_text: { positions: 4 },
  qwen3: {},
  qwen3_5_moe_text: { ...DELTA, positions: 4 },
  qwen3_5_text: { ...DELTA, positions: 4 },
  qwen3_moe: {},
  qwen3_next: DELTA,
  qwen3_vl_moe_text: { positions: 4 },
  qwen3_vl_text: { positions: 4 },
  seed_oss: {},
  smollm3: { turns: butEvery(["no_rope_layer_interval"], 4) },
  stablelm: { norm: "NORM" },
  starcoder2: { norm: "NORM" },
};

/** Types whose language model is another type's. */
const SAME_AS: Readonly<Record<string, string>> = {
  gemma4: "gemma4_text",
  gemma4_unified: "gemma4_text",
  gemma4_unified_text: "gemma4_text",
  glm4v: "glm4v_text",
  glm4v_moe: "glm4v_moe_text",
  glm_ocr: "glm4v_text",
  glm_ocr_text: "glm4v_text",
  solar_open: "glm4_moe",
  llama4: "llama4_text",
  mistral3: "mistral",
  qwen2_5_vl: "qwen2_5_vl_text",
  qwen2_vl: "qwen2_vl_text",
  qwen3_5: "qwen3_5_text",
  qwen3_5_moe: "qwen3_5_moe_text",
  qwen3_vl: "qwen3_vl_text",
  qwen3_vl_moe: "qwen3_vl_moe_text",
  kimi_k25: "kimi_k2",
};

/**
 * What the graph of a type does.
 *
 * @param type `model_type` of the language model's config.
 * @returns It, and whether llama.cpp's own code says so; else it is Llama's.
 */
export function graphTraitsOf(
  type: string,
  config: Config,
): { readonly traits: GraphTraits; readonly isKnown: boolean } {
  const name = Object.hasOwn(SAME_AS, type) ? sure(SAME_AS[type]) : type;
  const isKnown = Object.hasOwn(BY_TYPE, name);
  const traits = { ...USUAL_GRAPH, ...(isKnown ? BY_TYPE[name] : {}) };
  const isInTurn = name === "gpt_neox" &&
    config["use_parallel_residual"] === false;
  return { traits: isInTurn ? { ...traits, form: "pre" } : traits, isKnown };
}
