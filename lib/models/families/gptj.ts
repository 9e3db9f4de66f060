import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { evenAttention, plainMlp, vocabularyHead } from "./blocks_classic.ts";
import type { CodeParts } from "./code/code.ts";
import { sized, usuallyActivatedBy } from "./code/parts.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import { codePartsOf } from "./code/usual.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";

/**
 * GPT-J: separate projections without biases, one norm a layer, a head with a
 * bias.
 *
 * Source: huggingface/transformers models/gptj/modeling_gptj.py
 */
export const gptj: Family = (config, scope) => {
  family(config, scope, (layer, hidden) => {
    evenAttention(layer.scope("attn"), hidden);
  });
};

/**
 * CodeGen: GPT-J with one matrix for queries, keys and values.
 *
 * Source: huggingface/transformers models/codegen/modeling_codegen.py
 */
export const codegen: Family = (config, scope) => {
  family(config, scope, (layer, hidden) => {
    layer.linear("attn.qkv_proj", hidden, 3 * hidden, {
      role: "qkv",
      cut: "column",
    });
    layer.linear("attn.out_proj", hidden, hidden, { role: "o", cut: "row" });
  });
};

function family(
  config: ConfigReader,
  scope: TensorScope,
  attention: (layer: TensorScope, hidden: number) => void,
): void {
  const hidden = config.size("n_embd", "hidden_size");
  const vocabulary = config.size("vocab_size");
  const body = scope.scope("transformer");
  body.embedding("wte", vocabulary, hidden);
  const layer = body.layers(
    "h",
    allLayers(config.size("n_layer", "num_hidden_layers")),
  );
  layer.norm("ln_1", hidden, { bias: true });
  attention(layer, hidden);
  plainMlp(
    layer.scope("mlp"),
    ["fc_in", "fc_out"],
    hidden,
    config.optional("n_inner") ?? 4 * hidden,
    { bias: true },
  );
  body.norm("ln_f", hidden, { bias: true });
  vocabularyHead(scope, "lm_head", [hidden, vocabulary], {
    tied: config.flag("tie_word_embeddings", false),
    bias: true,
  });
  // Sines and cosines of all positions, in fp32 and once for every layer.
  const positions = config.size("n_positions", "max_position_embeddings");
  const rotary = (config.optional("rotary_dim") ?? 64) || hidden;
  layer.buffer(
    "attn.embed_positions",
    [positions, 2 * Math.ceil(rotary / 2)],
    4,
  );
}

const GPTJ: CodeParts = codePartsOf(
  usuallyActivatedBy("gelu_new"),
  sized(["n_positions", 2048], 50_400),
  {
    rotary: {
      kind: "part",
      features: [["rotary_dim"], 64],
      repeatedTables: true,
      byToken: true,
    },
    attention: { wideScores: true },
  },
);

/** The types of this file. */
export const GPTJ_TYPES: FamilyTypes = {
  gptj: ofType(gptj, GPTJ, {
    rotary: { holdsUnturned: true },
    layer: { arrangement: "parallel" },
    heads: { spansAreLabels: true },
    sizes: { gated: false },
    peft: QUERY_VALUE,
  }),
  codegen: ofType(codegen, GPTJ, { peft: { targets: ["qkv_proj"] } }),
};
