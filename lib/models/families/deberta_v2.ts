import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { bertAttention, bertMlp, bertPooler, predictions } from "./bert.ts";
import {
  classifierHead,
  labelsOf,
  taskOf,
  textOrOther,
} from "./blocks_classic.ts";
import { MASKED_HEADS, UNTURNED } from "./code/parts.ts";
import { NOT_YET } from "./code/unplayed.ts";
import { BERT } from "./bert.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses, ofHeaders } from "./family.ts";

/**
 * DeBERTa v2 and v3: BERT's layers with relative positions, embedded once for
 * all layers and projected in each unless they share the keys' projection.
 *
 * Source: huggingface/transformers models/deberta_v2/modeling_deberta_v2.py
 */
export const debertaV2: Family = (config, scope) => {
  const hidden = config.size("hidden_size");
  const width = config.optional("embedding_size") ?? hidden;
  const task = taskOf(config);
  const body = task === "" ? scope : scope.scope("deberta");
  embeddings(config, body.scope("embeddings"), width);
  encoder(config, body.scope("encoder"), hidden);
  switch (task) {
    case "ForMaskedLM":
      return languageHead(config, scope, hidden, width);
    case "ForSequenceClassification":
      bertPooler(scope, config.optional("pooler_hidden_size") ?? hidden);
      return classifierHead(scope, "classifier", hidden, labelsOf(config));
    case "ForMultipleChoice":
      bertPooler(scope, config.optional("pooler_hidden_size") ?? hidden);
      return classifierHead(scope, "classifier", hidden, 1);
    case "ForTokenClassification":
      return classifierHead(scope, "classifier", hidden, labelsOf(config));
    case "ForQuestionAnswering":
      return classifierHead(scope, "qa_outputs", hidden, labelsOf(config));
  }
};

function embeddings(
  config: ConfigReader,
  at: TensorScope,
  width: number,
): void {
  const hidden = config.size("hidden_size");
  const positions = config.size("max_position_embeddings");
  const types = config.optional("type_vocab_size") ?? 0;
  at.embedding("word_embeddings", config.size("vocab_size"), width);
  if (config.flag("position_biased_input", true)) {
    at.embedding("position_embeddings", positions, width, "position");
  }
  if (types > 0) at.embedding("token_type_embeddings", types, width, "other");
  if (width !== hidden) {
    at.linear("embed_proj", width, hidden, { role: "other" });
  }
  at.norm("LayerNorm", hidden, { bias: true });
  at.buffer("position_ids", [1, positions], 8);
}

function encoder(config: ConfigReader, at: TensorScope, hidden: number): void {
  const relative = config.flag("relative_attention", false);
  const layer = at.layers("layer", allLayers(config.size("num_hidden_layers")));
  const attention = layer.scope("attention");
  bertAttention(attention, hidden, ["query_proj", "key_proj", "value_proj"]);
  if (relative && !config.flag("share_att_key", false)) {
    const kinds = textOrOther(config, "pos_att_type")?.toLowerCase() ??
      config.texts("pos_att_type");
    const own = attention.scope("self");
    const options = { role: "attention", bias: true, cut: "column" } as const;
    if (kinds.includes("c2p")) {
      own.linear("pos_key_proj", hidden, hidden, options);
    }
    if (kinds.includes("p2c")) {
      own.linear("pos_query_proj", hidden, hidden, options);
    }
  }
  bertMlp(layer, hidden, config.size("intermediate_size"));
  if (relative) {
    at.embedding("rel_embeddings", 2 * span(config), hidden, "position");
  }
  if (config.text("norm_rel_ebd", "none").includes("layer_norm")) {
    at.norm("LayerNorm", hidden, { bias: true });
  }
  const kernel = config.optional("conv_kernel_size") ?? 0;
  if (kernel > 0) {
    const groups = config.optional("conv_groups") || 1;
    const inputs = Math.floor(hidden / groups);
    at.conv("conv.conv", [hidden, inputs, kernel], { bias: true });
    at.norm("conv.LayerNorm", hidden, { bias: true });
  }
}

/** How far relative positions reach, where -1 stands for "not said". */
function span(config: ConfigReader): number {
  const buckets = config.number("position_buckets", -1);
  if (buckets > 0) return Math.ceil(buckets);
  const reach = config.number("max_relative_positions", -1);
  return reach >= 1 ? Math.ceil(reach) : config.size("max_position_embeddings");
}

function languageHead(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
  width: number,
): void {
  if (config.flag("legacy", true)) {
    predictions(config, scope.scope("cls.predictions"), hidden, width);
    return;
  }
  const at = scope.scope("lm_predictions.lm_head");
  const vocabulary = config.size("vocab_size");
  at.parameter("bias", [vocabulary], { role: "head", split: 0 });
  at.linear("dense", hidden, hidden, { role: "other", bias: true });
  at.norm("LayerNorm", hidden, { bias: true });
}

const RELATIVE =
  ` compute their attention by relative positions in operations that ${NOT_YET}`;

/** DeBERTa, whose tensors only headers tell, and its second version. */
export const DEBERTA_TYPES: FamilyTypes = {
  deberta: ofHeaders({ unplayed: RELATIVE, peft: { targets: ["in_proj"] } }),
  "deberta-v2": ofClasses(debertaV2, MASKED_HEADS, UNTURNED, {
    encoder: {
      ...BERT,
      disentangled: true,
      masksEmbeddings: "always",
      holdsAll: true,
      kernels: "sdpa",
    },
    peft: { targets: ["query_proj", "value_proj"] },
  }),
};
