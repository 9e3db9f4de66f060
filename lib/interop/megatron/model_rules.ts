import { findModel } from "../../models/catalogue.ts";
import type { Draft, FileSetting } from "../reading/draft.ts";
import type { FileSettings, Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { countOf, switchOf } from "../reading/rules.ts";
import { readCount } from "../reading/values.ts";

/** Vocabularies of tokenizers that Megatron-LM names itself. */
const VOCABULARIES: Record<string, number> = {
  GPT2BPETokenizer: 50_257,
  Llama2Tokenizer: 32_000,
  Llama3Tokenizer: 128_256,
};

function dimension(flag: string, name: string): Rule {
  return {
    keys: [flag],
    fields: [`model.dims.${name}`],
    read: (setting, draft) => {
      const count = countOf(setting, draft);
      if (count !== null) draft.state(setting, `model.dims.${name}`, count);
    },
  };
}

/** Flags that describe the model: megatron/training/arguments.py. */
export const MODEL_RULES: readonly Rule[] = [
  dimension("num-layers", "layers"),
  dimension("hidden-size", "hidden_size"),
  dimension("num-attention-heads", "attention_heads"),
  dimension("kv-channels", "head_dim"),
  {
    ...dimension("ffn-hidden-size", "intermediate_size"),
    // Pai-Megatron-Patch calls it as transformers does.
    keys: ["ffn-hidden-size", "intermediate-size"],
  },
  dimension("max-position-embeddings", "max_position_embeddings"),
  dimension("num-experts", "experts"),
  dimension("moe-router-topk", "experts_per_token"),
  dimension("moe-ffn-hidden-size", "expert_intermediate_size"),
  dimension(
    "moe-shared-expert-intermediate-size",
    "shared_expert_intermediate_size",
  ),
  {
    keys: ["num-query-groups"],
    fields: ["model.dims.kv_heads"],
    values: "with --group-query-attention",
    read: (setting, draft, all) => {
      const count = countOf(setting, draft);
      if (count === null) return;
      if (all.has("group-query-attention")) {
        draft.state(setting, "model.dims.kv_heads", count);
      } else draft.leave(setting, "--group-query-attention is not given");
    },
  },
  {
    keys: ["group-query-attention"],
    fields: ["model.dims.kv_heads"],
    read: (setting, draft, all) => {
      if (switchOf(setting, draft) && !all.has("num-query-groups")) {
        draft.state(setting, "model.dims.kv_heads", 1);
      }
    },
  },
  {
    keys: ["swiglu"],
    fields: ["model.dims.gated_mlp"],
    values: "given → true, left out → false",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "model.dims.gated_mlp", true);
      }
    },
  },
  {
    keys: ["untie-embeddings-and-output-weights"],
    fields: ["model.dims.tie_embeddings"],
    values: "given → false, left out → true",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "model.dims.tie_embeddings", false);
      }
    },
  },
  {
    keys: ["vocab-size", "padded-vocab-size"],
    fields: ["model.dims.vocab_size"],
    values: "padded as --make-vocab-size-divisible-by × tp says",
    read: (setting, draft, all) => {
      const count = countOf(setting, draft);
      if (count === null) return;
      const padded = setting.key === "padded-vocab-size";
      if (!padded && all.has("padded-vocab-size")) {
        return draft.leave(setting, "--padded-vocab-size is given");
      }
      draft.state(
        setting,
        "model.dims.vocab_size",
        padded ? count : paddedVocabulary(count, all),
      );
    },
  },
  {
    keys: ["tokenizer-model", "tokenizer-type"],
    fields: ["model.dims.vocab_size"],
    values: "a tokenizer that is known tells the vocabulary",
    read: readTokenizer,
  },
  {
    keys: ["make-vocab-size-divisible-by"],
    fields: ["model.dims.vocab_size"],
    values: "128 by default",
    read: (setting, draft) => {
      countOf(setting, draft);
    },
  },
];

/** The vocabulary of a tokenizer by its type, or its model's in the catalogue. */
function readTokenizer(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
): void {
  if (all.has("vocab-size") || all.has("padded-vocab-size")) {
    return draft.leave(setting, "the vocabulary's size is given");
  }
  const name = plainText(setting.value);
  const known = setting.key === "tokenizer-type"
    ? VOCABULARIES[name]
    : vocabularyOf(name);
  if (typeof known === "number") {
    const count = paddedVocabulary(known, all);
    draft.assume(
      "model.dims.vocab_size",
      count,
      `${name.slice(0, 80)} has ${known} tokens, padded`,
    );
  } else draft.leave(setting, "its vocabulary is not known");
}

function vocabularyOf(name: string): number | undefined {
  const size = findModel(name)?.config["vocab_size"];
  return typeof size === "number" ? size : undefined;
}

/** A vocabulary padded so that every rank has as much of it. */
function paddedVocabulary(size: number, all: FileSettings): number {
  const by =
    (readCount(all.get("make-vocab-size-divisible-by") ?? 128) ?? 128) *
    (readCount(all.get("tensor-model-parallel-size") ?? 1) ?? 1);
  return Math.ceil(size / by) * by;
}

/** Fills in what Megatron-LM does where a flag is left out. */
export function assumeMegatronModel(draft: Draft, all: FileSettings): void {
  if (!draft.stated.has("model.dims.layers")) return;
  if (!all.has("swiglu")) {
    draft.assume("model.dims.gated_mlp", false, "--swiglu is not given");
  }
  if (!all.has("untie-embeddings-and-output-weights")) {
    draft.assume(
      "model.dims.tie_embeddings",
      true,
      "--untie-embeddings-and-output-weights is not given",
    );
  }
  const hidden = Number(draft.valueAt("model.dims.hidden_size"));
  const told = all.has("ffn-hidden-size") || all.has("intermediate-size");
  if (!told && Number.isInteger(hidden)) {
    const size = all.has("swiglu")
      ? Math.floor((4 * hidden * 2) / 3 / 64) * 64
      : 4 * hidden;
    if (size > 0) {
      draft.assume(
        "model.dims.intermediate_size",
        size,
        "--ffn-hidden-size is not given",
      );
    }
  }
  // A file of merges is that of GPT-2's tokenizer, which is the oldest default.
  if (
    draft.valueAt("model.dims.vocab_size") === undefined &&
    all.raw("merge-file") !== undefined && !all.has("tokenizer-type")
  ) {
    draft.assume(
      "model.dims.vocab_size",
      paddedVocabulary(VOCABULARIES["GPT2BPETokenizer"] ?? 0, all),
      "--merge-file is GPT-2's: 50257 tokens, padded",
    );
  }
  if (draft.valueAt("model.dims.vocab_size") === undefined) {
    draft.open(
      "model.dims.vocab_size",
      "none",
      "no flag tells the vocabulary: give --vocab-size or the field",
    );
  }
}
