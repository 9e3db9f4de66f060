import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { LinearOptions, TensorScope } from "../tensors/tensor_scope.ts";
import type { CodeParts } from "./code/code.ts";
import {
  DROPS_A_TENTH,
  NARROW_CLASSES,
  PLAIN_AND_TIED,
  sized,
  UNTURNED,
  usuallyActivatedBy,
} from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
import { codePartsOf } from "./code/usual.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

type Linear = (
  scope: TensorScope,
  name: string,
  inputs: number,
  outputs: number,
  options: LinearOptions,
) => void;

/**
 * GPT-2: fused queries, keys and values in transposed linear layers, learned
 * positions.
 *
 * Source: huggingface/transformers models/gpt2/modeling_gpt2.py
 */
export const gpt2: Decoder = {
  prefix: "transformer",
  tied: true,
  body(config, scope) {
    const layer = stack(
      config,
      scope,
      (at, name, inputs, outputs, options) =>
        at.conv1d(name, inputs, outputs, options),
      (hidden) => 2 * hidden,
    );
    // The causal mask of every attention, one byte an entry.
    const positions = config.size("n_positions", "max_position_embeddings");
    layer.buffer("attn.bias", [1, 1, positions, positions], 1);
    if (config.flag("add_cross_attention", false)) {
      layer.buffer("crossattention.bias", [1, 1, positions, positions], 1);
    }
  },
};

/**
 * GPT-BigCode, of SantaCoder and StarCoder: GPT-2 in plain linear layers, and
 * mostly with one head of keys and values.
 *
 * Source: huggingface/transformers models/gpt_bigcode/modeling_gpt_bigcode.py
 */
export const gptBigcode: Decoder = {
  prefix: "transformer",
  tied: true,
  body(config, scope) {
    const heads = config.size("n_head", "num_attention_heads");
    const multiQuery = config.flag("multi_query", true);
    stack(
      config,
      scope,
      (at, name, inputs, outputs, options) =>
        at.linear(name, inputs, outputs, { ...options, bias: true }),
      (hidden) => multiQuery ? 2 * Math.floor(hidden / heads) : 2 * hidden,
    );
    const positions = config.size("n_positions", "max_position_embeddings");
    scope.buffer("bias", [positions, positions], 1);
  },
};

/** Declares all but the masks and gives back the place of the layers. */
function stack(
  config: ConfigReader,
  scope: TensorScope,
  linear: Linear,
  keysAndValues: (hidden: number) => number,
): TensorScope {
  const hidden = config.size("n_embd", "hidden_size");
  const inner = config.optional("n_inner") ?? 4 * hidden;
  scope.embedding("wte", config.size("vocab_size"), hidden);
  scope.embedding(
    "wpe",
    config.size("n_positions", "max_position_embeddings"),
    hidden,
    "position",
  );
  const layer = scope.layers(
    "h",
    allLayers(config.size("n_layer", "num_hidden_layers")),
  );
  layer.norm("ln_1", hidden, { bias: true });
  linear(layer, "attn.c_attn", hidden, hidden + keysAndValues(hidden), {
    role: "qkv",
    cut: "column",
  });
  linear(layer, "attn.c_proj", hidden, hidden, { role: "o", cut: "row" });
  layer.norm("ln_2", hidden, { bias: true });
  if (config.flag("add_cross_attention", false)) {
    const cross = layer.scope("crossattention");
    linear(cross, "c_attn", hidden, 2 * hidden, { role: "k", cut: "column" });
    linear(cross, "q_attn", hidden, hidden, { role: "q", cut: "column" });
    linear(cross, "c_proj", hidden, hidden, { role: "o", cut: "row" });
    layer.norm("ln_cross_attn", hidden, { bias: true });
  }
  linear(layer, "mlp.c_fc", hidden, inner, { role: "up", cut: "column" });
  linear(layer, "mlp.c_proj", inner, hidden, { role: "down", cut: "row" });
  scope.norm("ln_f", hidden, { bias: true });
  return layer;
}

const GPT2: CodeParts = codePartsOf(
  NARROW_CLASSES,
  PLAIN_AND_TIED,
  UNTURNED,
  DROPS_A_TENTH,
  sized(["n_positions", 1024], 50_257),
  { layer: { holdsAttended: true }, peft: { targets: ["c_attn"] } },
);

const GPT2_TYPE = ofType(causal(gpt2), GPT2, usuallyActivatedBy("gelu_new"), {
  attention: { wideSoftmax: false },
  weights: {
    buffersGone: {
      names: /(^|\.)(cross)?attn\.bias$|(^|\.)crossattention\.bias$/,
      from: [5, 2],
    },
  },
});

/** The types of this file. */
export const GPT2_TYPES: FamilyTypes = {
  gpt2: GPT2_TYPE,
  // Its config and classes are GPT-2's own; its tokenizer alone is another.
  "gpt-sw3": GPT2_TYPE,
  // Its code of transformers 4 does not turn the cache off for checkpoints, and
  // its keys and values are views of the whole projection.
  gpt_bigcode: ofType(causal(gptBigcode), GPT2, {
    attention: { fillsCache: true },
  }, {
    cache: {
      tokens: (text, usual) => {
        if (text["multi_query"] === false) return usual;
        const each = numberOf(text, [["n_embd", "hidden_size"], 0]) /
          numberOf(text, [["n_head", "num_attention_heads"], 1]);
        return { heads: 1, keys: each, values: each };
      },
    },
  }),
};
