import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { vocabularyHead } from "./blocks_classic.ts";
import type { StateCache } from "./code/cache.ts";
import { byLayer } from "./code/cache.ts";
import { numberOf } from "./code/setting.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";

/**
 * RWKV-4: a recurrence with decay in place of attention.
 *
 * Source: huggingface/transformers models/rwkv/modeling_rwkv.py
 */
export const rwkv: Family = (config, scope) => {
  const hidden = config.size("hidden_size");
  const vocabulary = config.size("vocab_size");
  const layers = config.size("num_hidden_layers");
  const body = scope.scope("rwkv");
  body.embedding("embeddings", vocabulary, hidden);
  body
    .layers("blocks", allLayers(Math.min(1, layers)))
    .norm("pre_ln", hidden, { bias: true });
  const block = body.layers("blocks", allLayers(layers));
  block.norm("ln1", hidden, { bias: true });
  block.norm("ln2", hidden, { bias: true });
  timeMix(config, block.scope("attention"), hidden);
  channelMix(config, block.scope("feed_forward"), hidden);
  body.norm("ln_out", hidden, { bias: true });
  vocabularyHead(scope, "head", [hidden, vocabulary], {
    tied: config.flag("tie_word_embeddings", false),
  });
};

function timeMix(config: ConfigReader, at: TensorScope, hidden: number): void {
  const inner = config.optional("attention_hidden_size") ?? hidden;
  const cut = "column";
  at.parameter("time_decay", [inner], { role: "ssm", split: 0 });
  at.parameter("time_first", [inner], { role: "ssm", split: 0 });
  for (const name of ["key", "value", "receptance"]) {
    at.parameter(`time_mix_${name}`, [1, 1, hidden], { role: "ssm" });
  }
  at.linear("key", hidden, inner, { role: "k", cut });
  at.linear("value", hidden, inner, { role: "v", cut });
  at.linear("receptance", hidden, inner, { role: "q", cut });
  at.linear("output", inner, hidden, { role: "o", cut: "row" });
}

function channelMix(
  config: ConfigReader,
  at: TensorScope,
  hidden: number,
): void {
  const inner = config.optional("intermediate_size") ?? 4 * hidden;
  for (const name of ["key", "receptance"]) {
    at.parameter(`time_mix_${name}`, [1, 1, hidden], { role: "ssm" });
  }
  at.linear("key", hidden, inner, { role: "up", cut: "column" });
  at.linear("receptance", hidden, hidden, { role: "gate" });
  at.linear("value", inner, hidden, { role: "down", cut: "row" });
}

/**
 * The last token before each half, and what attention sums, divides by and has seen
 * at most, those in fp32.
 */
function stateOf(text: Config): StateCache {
  const hidden = numberOf(text, [["hidden_size"], 0]);
  const inner = numberOf(text, [["attention_hidden_size"], hidden]);
  return {
    kind: "state",
    of: "time mixing",
    convolution: null,
    state: [3, inner],
    isWide: true,
    others: [{ shape: [2, hidden], isWide: false }],
  };
}

/** RWKV-4. */
export const RWKV_TYPES: FamilyTypes = {
  rwkv: ofType(rwkv, {
    heads: { tied: "head" },
    peft: { targets: ["key", "value", "receptance", "output"] },
  }, {
    cache: { state: stateOf, ...byLayer(() => "linear_attention") },
  }),
};
