import type { Config } from "../../models/config.ts";
import type { StateCache } from "../../models/families/code/cache.ts";
import { numberOf } from "../../models/families/code/setting.ts";
import type { Model } from "../../models/model.ts";
import type { LayerCaches } from "../caches.ts";
import { languageConfigOf } from "../language_config.ts";
import type { GraphSizes } from "./graph/sizes.ts";

/** The sizes of a model's unusual pieces. */
export function graphSizesOf(
  model: Model,
  caches: LayerCaches,
): GraphSizes {
  const config = languageConfigOf(model);
  const state = caches.groups.flatMap(({ keeps }) => keeps).find((part) =>
    part.kind === "state"
  );
  const of = state?.kind === "state" ? state : null;
  return {
    latent: latentOf(caches, config),
    mamba: of === null ? null : mambaOf(of, model),
    delta: of?.of === "gated delta" ? deltaOf(of, config) : null,
    routed: routedOf(model, config),
  };
}

function latentOf(caches: LayerCaches, config: Config): GraphSizes["latent"] {
  const part = caches.groups.flatMap(({ keeps }) => keeps).find((each) =>
    each.kind === "latent"
  );
  return part?.kind === "latent"
    ? {
      rank: part.rank,
      rotated: part.rotated,
      plain: numberOf(config, [["qk_nope_head_dim"], 128]),
    }
    : null;
}

function mambaOf(
  { of, convolution, state }: StateCache,
  model: Model,
): GraphSizes["mamba"] {
  if (of !== "mamba" && of !== "mamba 2" || !convolution || !state) return null;
  const [channels, kernel] = convolution;
  if (of === "mamba") {
    const [inner = channels, width = 16] = state;
    const step = model.tensors.find(({ name }) =>
      /\bdt_proj\.weight$/.test(name)
    );
    return {
      inner,
      state: width,
      kernel,
      rank: step?.shape[1] ?? Math.ceil(model.architecture.hidden_size / 16),
      heads: 0,
      groups: 0,
    };
  }
  const [heads = 1, head = 1, width = 1] = state;
  const inner = heads * head;
  return {
    inner,
    state: width,
    kernel,
    rank: 0,
    heads,
    groups: (channels - inner) / (2 * width),
  };
}

function deltaOf(
  { convolution, state }: StateCache,
  config: Config,
): GraphSizes["delta"] {
  if (!convolution || !state) return null;
  const [valueHeads = 1, keyWidth = 1, valueWidth = 1] = state;
  const [channels, kernel] = convolution;
  const keys = (channels - valueHeads * valueWidth) / 2;
  return {
    keyHeads: numberOf(config, [["linear_num_key_heads"], keys / keyWidth]),
    keyWidth,
    valueHeads,
    valueWidth,
    kernel,
  };
}

function routedOf(
  { architecture: { experts, experts_per_token }, buffers }: Model,
  config: Config,
): GraphSizes["routed"] {
  const groups = numberOf(config, [["n_group"], 1]);
  const scale = numberOf(config, [[
    "routed_scaling_factor",
    "moe_router_scaling_factor",
  ], 1]);
  return {
    experts,
    chosen: Math.max(
      1,
      experts_per_token || numberOf(config, [["moe_k", "moe_topk"], 1]),
    ),
    groups: groups > 1 ? [groups, numberOf(config, [["topk_group"], 1])] : null,
    // transformers keeps as a buffer what a GGUF file has as a tensor.
    isBiased: buffers.some(({ name }) =>
      /(correction|expert)_bias$/.test(name)
    ),
    isScaled: scale !== 0 && scale !== 1,
  };
}
