import type { Config } from "./architecture_of_config.ts";

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

/**
 * A config.json without its lists of labels and words, of the same memory. Of
 * the labels' names their number stays: a classifier has an output for each.
 */
export function compactConfig(config: Config): Config {
  const compact: Config = {};
  for (const [key, value] of Object.entries(config)) {
    if (WORDY.has(key)) continue;
    if (key === "id2label" && isObject(value)) {
      compact["num_labels"] = labelsOf(value);
    } else if (key !== "num_labels" || !isObject(config["id2label"])) {
      compact[key] = isObject(value) ? compactConfig(value) : value;
    }
  }
  return compact;
}

/** Labels are numbered from 0; what comes after a gap is none. */
function labelsOf(names: Config): number | undefined {
  let labels = 0;
  while (names[`${labels}`] !== undefined && names[`${labels}`] !== null) {
    labels++;
  }
  return labels > 0 ? labels : undefined;
}

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
