import type { GgufModel } from "../../formats/gguf/gguf_model.ts";
import type { ServingQuestion } from "../engine.ts";
import { languageConfigOf, typesOf } from "../language_config.ts";
import { computeBuffers, flashesInPlace, representatives } from "./compute.ts";
import { flashes } from "./ggml/backends.ts";
import type { GraphPlan } from "./graph/plan.ts";
import type { GraphSizes } from "./graph/sizes.ts";
import type { GraphTraits } from "./graph/traits.ts";
import { graphTraitsOf } from "./graph/types.ts";
import type { CacheBytes, LayerMemory } from "./memory.ts";
import { cacheBytes, layerMemory } from "./memory.ts";
import type { LayerPlacement } from "./placement.ts";
import { placeLayers } from "./placement.ts";
import type { LlamaSettings } from "./settings.ts";
import { graphSizesOf } from "./sizes_of.ts";
import { PlacedWeights } from "./weights.ts";
import { sure } from "./ggml/sure.ts";

/** Copies of its inputs that a pipeline of GPUs keeps: GGML_SCHED_MAX_COPIES. */
const PIPELINE_COPIES = 4;

/** A model loaded by llama.cpp on a machine's devices; bytes by backend, the host last. */
export interface Deployment {
  readonly settings: LlamaSettings;
  readonly placement: LayerPlacement;
  readonly memory: LayerMemory;
  readonly weights: readonly number[];
  readonly caches: CacheBytes;
  readonly compute: readonly number[];
  /** Rows of logits on the host. */
  readonly outputBytes: number;
  readonly isLatent: boolean;
  readonly isFlash: boolean;
  /** Whether its graph is this type's own; else it is taken to be like Llama's. */
  readonly isKnown: boolean;
}

/** What is asked that a deployment goes by. */
type Asked = Pick<ServingQuestion, "scenario" | "model" | "caches">;

/** What does not change with a model's settings. */
export interface LoadedModel<Q extends Asked = ServingQuestion> {
  readonly question: Q;
  readonly gguf: GgufModel;
  readonly traits: GraphTraits;
  readonly sizes: GraphSizes;
  readonly type: string;
  readonly isKnown: boolean;
}

/** Reads off a question what llama.cpp's graph goes by. */
export function loadedModel<Q extends Asked>(
  question: Q,
  gguf: GgufModel,
): LoadedModel<Q> {
  const config = languageConfigOf(question.model);
  const types = typesOf(question.model);
  const known = types.map((type) => graphTraitsOf(type, config)).find((each) =>
    each.isKnown
  );
  return {
    question,
    gguf,
    traits: known?.traits ?? graphTraitsOf("", config).traits,
    sizes: graphSizesOf(question.model, question.caches),
    type: types[0] ?? "",
    isKnown: known !== undefined,
  };
}

/**
 * Loads a model.
 *
 * @param free Bytes that are free on each GPU.
 */
export function deploy(
  loaded: LoadedModel<Asked>,
  settings: LlamaSettings,
  free: readonly number[],
): Deployment {
  const { question, gguf, traits, sizes, isKnown } = loaded;
  const depth = question.caches.layers;
  const placement = placeLayers(settings, free, depth);
  const weights = new PlacedWeights(gguf, placement, settings.n_cpu_moe);
  const memory = layerMemory(question.caches, settings, {
    placement,
    hasWindows: traits.windows,
  });
  const isLatent = sizes.latent !== null;
  // Quantised values need it, which turns it on.
  const isForced = settings.flash !== null || settings.value.isQuantised;
  const canFlash = settings.flash ??
    (isForced || hasKernels(loaded, memory, placement));
  const asked = planOf(loaded, {
    settings,
    placement,
    memory,
    weights,
    isFlash: canFlash,
  });
  const isFlash = canFlash &&
    (isForced || settings.offload_kqv || flashesInPlace(asked, traits, sizes));
  const plan = { ...asked, isFlash };
  const { vocab_size } = question.model.architecture;
  const compute = computeBuffers(plan, traits, sizes);
  return {
    settings,
    placement,
    memory,
    weights: weights.bytes(),
    caches: cacheBytes(memory, settings, {
      isLatent,
      backends: placement.gpus + 1,
    }),
    compute: compute.bytes,
    outputBytes: 4 * vocab_size * settings.n_seq_max,
    isLatent,
    isFlash,
    isKnown: isKnown && !compute.isGuessed,
  };
}

/**
 * Whether flash attention is on where nobody says: where each layer's own device
 * has a kernel for its heads.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-context.cpp, resolve_fused_ops
 */
function hasKernels(
  { question }: LoadedModel<Asked>,
  { layers }: LayerMemory,
  { host }: LayerPlacement,
): boolean {
  const { attention_heads } = question.model.architecture;
  return layers.every(({ cache, backend, keys, values }) =>
    cache === null || backend === host || keys.heads === 0 ||
    flashes({
      width: keys.width,
      wide: values.width,
      ratio: attention_heads / keys.heads,
      cells: cache.cells,
    })
  );
}

function planOf(
  { question, sizes, traits, type }: LoadedModel<Asked>,
  { settings, placement, memory, weights, isFlash }: {
    readonly settings: LlamaSettings;
    readonly placement: LayerPlacement;
    readonly memory: LayerMemory;
    readonly weights: PlacedWeights;
    readonly isFlash: boolean;
  },
): GraphPlan {
  const { architecture } = question.model;
  const config = languageConfigOf(question.model);
  const sequences = settings.n_seq_max;
  const tokens = Math.min(settings.n_ctx, settings.n_ubatch);
  const { layers } = memory;
  const kinds = weights.kindsOfLayers().map((kind, index) => {
    const layer = sure(layers[index]);
    const { cache, states, keys } = layer;
    return [
      kind,
      layer.memory,
      cache === null ? "" : cache.isWindow,
      keys.heads,
      states === null ? "" : "states",
      traits.turns(layer, config),
      index === layers.length - 1,
    ].join();
  });
  const isPipelined = placement.gpus > 1 && placement.isWhole &&
    settings.offload_kqv && settings.n_cpu_moe === 0;
  return {
    type,
    config,
    backends: {
      gpus: placement.gpus,
      offloads: settings.op_offload,
      copies: isPipelined ? PIPELINE_COPIES : 1,
    },
    hidden: architecture.hidden_size,
    heads: architecture.attention_heads,
    headWidth: sizes.latent ? 0 : headWidth(layers, architecture.head_dim),
    tokens: Math.ceil(tokens / sequences) * sequences,
    sequences,
    outputs: Math.min(tokens, settings.n_outputs_max),
    isFlash,
    key: settings.key,
    value: settings.value,
    layers: representatives(kinds, layers.some(({ states }) => states !== null))
      .map((index) => sure(layers[index])),
    depth: layers.length,
    output: placement.output,
    rowsOf: (stem, layer) =>
      usualRows(question, layer === null ? null : layers[layer] ?? null, stem),
    weight: (stem, layer) => weights.weight(stem, layer),
  };
}

/** Rows of a matrix of Llama's by its name in a file. */
function usualRows(
  { model: { architecture } }: Asked,
  layer: LayerMemory["layers"][number] | null,
  stem: string,
): number {
  const { hidden_size, intermediate_size, attention_heads, head_dim } =
    architecture;
  const name = stem.slice(stem.lastIndexOf(".") + 1);
  switch (name) {
    case "output":
      return architecture.vocab_size;
    case "attn_q":
      return attention_heads * (layer?.keys.width || head_dim);
    case "attn_k":
      return layer ? layer.keys.heads * layer.keys.width : head_dim;
    case "attn_v":
      return layer ? layer.values.heads * layer.values.width : head_dim;
    case "ffn_gate_inp":
      return Math.max(1, architecture.experts);
    case "ffn_up_exps":
    case "ffn_gate_exps":
      return architecture.expert_intermediate_size || intermediate_size;
    case "ffn_up":
    case "ffn_gate":
      return intermediate_size;
    case "ffn_up_shexp":
    case "ffn_gate_shexp":
      return architecture.shared_expert_intermediate_size || intermediate_size;
    default:
      return hidden_size;
  }
}

function headWidth(layers: LayerMemory["layers"], usual: number): number {
  return layers.find(({ keys }) => keys.heads > 0)?.keys.width ?? usual;
}
