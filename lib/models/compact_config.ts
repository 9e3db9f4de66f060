import { compactQuantizer } from "./compact_quantizer.ts";
import type { Config } from "./config.ts";

/** Keys of a config.json that can be long and say nothing about memory. */
const WORDY = new Set([
  "bad_words_ids",
  "begin_suppress_tokens",
  "chat_template",
  "forced_decoder_ids",
  "label2id",
  "suppress_tokens",
  "task_specific_params",
]);

/** Where a config says how its checkpoint is packed. */
const QUANTIZERS = new Set(["quantization_config", "hf_quant_config"]);

/**
 * A config.json without its lists of labels and words, of the same memory. Of
 * the labels' names their number stays, unless the config tells it itself: a
 * classifier has an output for each.
 */
export function compactConfig(config: Config): Config {
  const compact: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (WORDY.has(key)) continue;
    if (key === "id2label" && isObject(value)) {
      compact["num_labels"] ??= Object.keys(value).length;
    } else if (QUANTIZERS.has(key) && isObject(value)) {
      compact[key] = compactQuantizer(value);
    } else if (key !== "num_labels" || value !== null) {
      compact[key] = isObject(value) ? compactConfig(value) : value;
    }
  }
  return compact;
}

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
