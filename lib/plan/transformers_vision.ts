import type { Tensor } from "../models/tensors/tensor.ts";
import { activationKind } from "../play/torch/ops/activations.ts";
import type { AdaptedLinear } from "../play/torch/ops/adapted_linear.ts";
import type { NormKind } from "../play/torch/ops/norms.ts";
import { layerPlanOf } from "./layer_plan.ts";
import type { VisionPlan, VisionSource } from "./vision_plan.ts";

type Config = Readonly<Record<string, unknown>>;

/** What a family's code does with what its tower gives. */
interface Sight {
  /** Whether patches keep the image's own resolution. */
  readonly native: boolean;
  /** Layers at the tower's end that nobody reads, and whether its norm is read. */
  readonly unread: (config: Config) => number;
  readonly finalNorm: boolean;
  /** Patches that become one token: side by side, or averaged. */
  readonly merged: (config: Config, patches: number) => number;
  readonly pools: boolean;
  readonly activation: string;
  readonly towerActivation: string;
  readonly towerNorm: NormKind;
}

const FIXED: Sight = {
  native: false,
  unread: () => 0,
  finalNorm: true,
  merged: () => 1,
  pools: false,
  activation: "gelu",
  towerActivation: "gelu_pytorch_tanh",
  towerNorm: "layer",
};

const QWEN: Sight = {
  ...FIXED,
  native: true,
  finalNorm: false,
  merged: (config) => numberOf(inner(config), "spatial_merge_size", 2) ** 2,
  towerActivation: "quick_gelu",
};

/**
 * Families by model type.
 *
 * Sources: huggingface/transformers models/llava, paligemma, gemma3, qwen2_vl,
 * qwen2_5_vl: modeling_*.py, get_image_features and the projectors.
 */
const FAMILIES: Readonly<Record<string, Sight>> = {
  llava: {
    ...FIXED,
    unread: (config) => {
      const layer = numberOf(config, "vision_feature_layer", -2);
      return layer < 0 ? -1 - layer : 0;
    },
    finalNorm: false,
  },
  paligemma: FIXED,
  gemma3: {
    ...FIXED,
    merged: (config, patches) =>
      patches / numberOf(config, "mm_tokens_per_image", 256),
    pools: true,
  },
  qwen2_vl: QWEN,
  qwen2_5_vl: { ...QWEN, towerActivation: "silu", towerNorm: "rms" },
};

/**
 * Whether image tokens look at each other, for which every layer is handed a mask.
 *
 * Source: huggingface/transformers models/gemma3/modeling_gemma3.py,
 * models/paligemma/modeling_paligemma.py: create_causal_mask_mapping
 */
export function masksImages(type: string): boolean {
  return type === "gemma3" || type === "paligemma";
}

/** How a model of transformers sees, where its family is known. */
export function transformersVision(
  source: VisionSource,
): VisionPlan | { reason: string } {
  const { scenario, model, facts, outside, modulesOf } = source;
  const { type } = model.architecture;
  const family = FAMILIES[type];
  const config = model.config ?? {};
  const stacks = source.stacksIn(
    model.tensors.filter(({ piece }) => piece === "vision_tower"),
  );
  const [stack] = stacks;
  const inTower = (test: (name: string, tensor: Tensor) => boolean) =>
    outside.find((name, tensor) =>
      tensor.piece === "vision_tower" && test(name, tensor)
    );
  const weight = outside.parameter(
    inTower((name, { module }) => module === "conv" && name.endsWith("weight")),
  );
  const linears = projections(source);
  if (!family || stacks.length !== 1 || !stack || !weight || !linears.length) {
    return {
      reason: `images of models of type ${type} are not played through`,
    };
  }
  const tower = inner(config);
  const positions = outside.parameter(
    inTower((_, { role, module }) =>
      role === "position" && module === "embedding"
    ),
  );
  const hasClass = inTower((name) => name.endsWith("class_embedding")) !== null;
  const images = scenario.train.micro_batch * scenario.train.images_per_sample;
  const [width = 1] = weight.shape;
  const kernel = weight.shape.at(-1) ?? 1;
  const patches = family.native
    ? nativePatches(scenario.train.image_size, kernel, config, family)
    : (positions?.shape[0] ?? 1) - (hasClass ? 1 : 0);
  const rows = images * (patches + (hasClass ? 1 : 0));
  const heads = numberOf(
    tower,
    "num_attention_heads",
    numberOf(tower, "num_heads", 16),
  );
  const merged = family.merged(config, patches);
  const norm = (pattern: RegExp, kind: NormKind) =>
    outside.norm(
      outside.pathOf((name, { piece }) =>
        piece !== "language_model" && pattern.test(name)
      ),
      kind,
    );
  const act = tower["hidden_act"];
  return {
    images,
    pixels: {
      elements: images * patches * weight.elements / width,
      dtype: "fp32",
    },
    rows,
    width,
    patches: {
      weight,
      bias: outside.parameter(
        inTower((name, { module }) =>
          module === "conv" && name.endsWith(".bias")
        ),
      ),
      rows: images * patches,
    },
    classToken: hasClass,
    preNorm: norm(/pre_layr?norm/, "layer"),
    positions: positions && { parameter: positions, lookedUp: true },
    dropout: 0,
    stack: {
      ...stack,
      layers: stack.layers.slice(
        0,
        stack.layers.length - family.unread(config),
      ),
    },
    rotaryWidth: family.native ? width / heads : 0,
    layerOf: (kind) =>
      layerPlanOf(modulesOf(stack, kind), {
        ...facts,
        architecture: { ...facts.architecture, head_dim: width / heads },
        traits: {
          ...facts.traits,
          arrangement: "pre",
          norm: family.towerNorm,
          rotary: family.native ? "whole" : "none",
          wideRotary: family.native,
          repeatedTables: false,
          activation: activationKind(
            typeof act === "string" ? act : family.towerActivation,
          ),
          dropout: {
            attention: numberOf(tower, "attention_dropout", 0),
            residual: 0,
            embedding: 0,
          },
          scaledResiduals: false,
          wideSoftmax: true,
          attentionSoftcap: false,
        },
        batch: images,
        sequence: rows / images,
        attention: {
          ...facts.attention,
          masked: false,
          causal: false,
          unpads: false,
        },
        cached: false,
        kernels: "eager",
      }),
    finalNorm: family.finalNorm ? norm(/post_layernorm/, "layer") : null,
    projector: {
      joins: merged,
      makes: family.pools ? "means" : family.native ? "nothing" : "a copy",
      normRows: family.native ? rows : images * patches / merged,
      norm: norm(/ln_q|mm_soft_emb_norm/, family.native ? "rms" : "gemma"),
      linears,
      activation: activationKind(family.activation),
    },
    tokens: images * patches / merged,
    merge: "scattered",
    unread: (name) =>
      name.startsWith(`${stack.path}.N.`)
        ? family.unread(config)
        : !family.finalNorm && /post_layernorm/.test(name)
        ? 1
        : 0,
  };
}

/** The projector's matrices, in order; Gemma 3 keeps a bare one, transposed. */
function projections({ model, outside }: VisionSource): AdaptedLinear[] {
  return model.tensors.flatMap(({ name, piece, role, module }) => {
    if (piece !== "projector" || role !== "projector") return [];
    if (module === "linear" && name.endsWith(".weight")) {
      return outside.linear(name.slice(0, -".weight".length)) ?? [];
    }
    const weight = module === "parameter" ? outside.parameter(name) : null;
    if (!weight) return [];
    const [width = 1, out = 1] = weight.shape;
    return [{ name, in: width, out, weight, bias: null, adapter: null }];
  });
}

/**
 * Patches of an image whose sides are rounded to whole tokens.
 *
 * Source: huggingface/transformers models/qwen2_vl/image_processing_qwen2_vl.py,
 * smart_resize; its limits on the area belong to the processor and are not known.
 */
function nativePatches(
  [height, width]: readonly [number, number],
  patch: number,
  config: Config,
  family: Sight,
): number {
  const side = patch * Math.sqrt(family.merged(config, 1));
  const tokens = (length: number) => Math.max(1, Math.round(length / side));
  return tokens(height) * tokens(width) * family.merged(config, 1);
}

function inner(config: Config): Config {
  const nested = config["vision_config"];
  return typeof nested === "object" && nested !== null ? nested as Config : {};
}

function numberOf(config: Config, key: string, fallback: number): number {
  const value = config[key];
  return typeof value === "number" ? value : fallback;
}
