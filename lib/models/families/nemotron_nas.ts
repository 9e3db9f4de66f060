import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { layersWhere } from "../tensors/layer_ranges.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { byLayer } from "./code/cache.ts";
import { numberOf } from "./code/setting.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/** One half of a layer that a search has shaped: left out, a matrix, or its own. */
interface Half {
  readonly no_op?: unknown;
  readonly replace_with_linear?: unknown;
  readonly n_heads_in_group?: unknown;
  readonly ffn_mult?: unknown;
}

/** Widths of MLPs are whole numbers of these. */
const WIDTH_STEP = 256;

/**
 * Nemotron found by architecture search (Llama-3.3-Nemotron-Super-49B): llama whose
 * layers each have their own groups of heads and width, a matrix, or nothing.
 *
 * Source: the code beside the weights of nvidia/Llama-3_3-Nemotron-Super-49B-v1
 * (modeling_decilm.py), which is not in transformers: the total is checked
 */
export const nemotronNas: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const count = config.size("num_hidden_layers");
    const blocks = blocksOf(config, count);
    const bias = config.flag("attention_bias", false);
    const mlpBias = config.flag("mlp_bias", false);
    each(blocks.map(({ attention }) => groupOf(attention)), (group, picks) => {
      const layer = scope.layers("layers", layersWhere(count, picks));
      if (group === 0) return;
      layer.norm("input_layernorm", hidden);
      if (group === LINEAR) {
        layer.linear("self_attn.linear_attn", hidden, hidden, {
          role: "attention",
          bias,
        });
      } else if (group > heads.heads || heads.heads % group !== 0) {
        const limit = `must divide num_attention_heads (${heads.heads})`;
        config.refuse("block_configs.attention.n_heads_in_group", limit, group);
      } else {
        const kvHeads = heads.heads / group;
        attentionTensors(layer, { ...heads, kvHeads }, { bias });
      }
    });
    each(blocks.map(({ ffn }) => widthOf(ffn, hidden)), (width, picks) => {
      const layer = scope.layers("layers", layersWhere(count, picks));
      if (width === 0) return;
      layer.norm("post_attention_layernorm", hidden);
      if (width !== LINEAR) {
        return gatedMlp(layer, hidden, width, { bias: mlpBias });
      }
      layer.linear("mlp.linear_mlp", hidden, hidden, {
        role: "down",
        bias: mlpBias,
      });
    });
    scope.norm("norm", hidden);
    rotaryBuffers(scope, heads.headDim);
  },
};

/** A half of a layer that is one matrix. */
const LINEAR = -1;

function blocksOf(
  config: ConfigReader,
  count: number,
): { attention: Half; ffn: Half }[] {
  const listed = config.raw("block_configs");
  if (!Array.isArray(listed) || listed.length !== count) {
    config.refuse(
      "block_configs",
      `must be a list of num_hidden_layers (${count}) blocks`,
      Array.isArray(listed) ? listed.length : listed,
    );
    return [];
  }
  return listed.map((block) => ({
    attention: halfOf(block, "attention"),
    ffn: halfOf(block, "ffn"),
  }));
}

function halfOf(block: unknown, key: string): Half {
  const half = isConfig(block) ? block[key] : null;
  return isConfig(half) ? half : {};
}

/** Query heads that share one of keys; 0 of no attention. */
function groupOf(half: Half): number {
  if (half.no_op === true) return 0;
  if (half.replace_with_linear === true) return LINEAR;
  const group = half.n_heads_in_group;
  return Number.isInteger(group) && Number(group) > 0 ? Number(group) : 1;
}

/** The width of an MLP, two thirds of its multiple of the hidden size; 0 of none. */
function widthOf(half: Half, hidden: number): number {
  if (half.no_op === true) return 0;
  if (half.replace_with_linear === true) return LINEAR;
  const times = typeof half.ffn_mult === "number" && half.ffn_mult > 0
    ? half.ffn_mult
    : 0;
  const wished = Math.floor(2 * times * hidden / 3);
  return Math.ceil(wished / WIDTH_STEP) * WIDTH_STEP;
}

/** Declares what layers of one value have, once a value. */
function each(
  values: readonly number[],
  declare: (value: number, picks: (layer: number) => boolean) => void,
): void {
  for (const value of new Set(values)) {
    declare(value, (layer) => values[layer] === value);
  }
}

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null;
}

function attentionAt(text: Config, layer: number): Half {
  const blocks = text["block_configs"];
  return Array.isArray(blocks) ? halfOf(blocks[layer], "attention") : {};
}

/** The types of this file. */
export const NEMOTRON_NAS_TYPES: FamilyTypes = {
  "nemotron-nas": ofType(causal(nemotronNas), {
    layer: { leavesOut: true },
    cache: {
      ...byLayer((layer, text) =>
        groupOf(attentionAt(text, layer)) > 0 ? "full_attention" : "none"
      ),
      tokens: (text, usual, { layer }) => {
        const heads = numberOf(text, [["num_attention_heads"], usual.heads]);
        const group = Math.max(1, groupOf(attentionAt(text, layer)));
        const kept = Math.max(1, Math.floor(heads / group));
        const width = usual.keys / usual.heads;
        return { heads: kept, keys: kept * width, values: kept * width };
      },
    },
  }),
};
