import type { Config } from "./config.ts";

/** Files that are taken for a config.json: how they are told, and what to do. */
const OTHERS: [
  is: (keys: Config) => boolean,
  what: (keys: Config) => string,
][] = [
  [
    (keys) => "peft_type" in keys,
    (keys) =>
      `is an adapter's adapter_config.json: give the config.json of its base model${
        typeof keys["base_model_name_or_path"] === "string"
          ? `, ${keys["base_model_name_or_path"].slice(0, 200)}`
          : ""
      }`,
  ],
  [
    (keys) => "weight_map" in keys,
    () => "is a checkpoint's index: give the config.json beside it",
  ],
  [
    (keys) => "tokenizer_class" in keys || "added_tokens" in keys,
    () => "is of a tokenizer: give the config.json beside it",
  ],
  [
    (keys) => "_diffusers_version" in keys,
    () =>
      "is of a diffusers pipeline or one of its parts: only language and vision-language models are known",
  ],
  [
    (keys) => "image_processor_type" in keys || "processor_class" in keys,
    () => "is of a processor: give the config.json beside it",
  ],
  [
    (keys) =>
      ["temperature", "top_p", "top_k", "do_sample", "eos_token_id"]
        .some((key) => key in keys) && !("model_type" in keys),
    () => "is a generation_config.json: give the config.json beside it",
  ],
  [
    (keys) => "config" in keys || "dims" in keys,
    (keys) =>
      `describes a model in "${
        "config" in keys ? "config" : "dims"
      }": give what stands there alone`,
  ],
  [
    (keys) => "model" in keys && !("model_type" in keys),
    () => "is a scenario: give the config.json of its model",
  ],
];

/**
 * Tells which other file somebody gave for a config.json.
 *
 * @param config A JSON object that tells no dimensions.
 * @returns What it is and what to give instead; null when nobody knows.
 */
export function otherFile(config: Config): string | null {
  const found = OTHERS.find(([is]) => is(config));
  return found ? found[1](config).replaceAll(/\p{Cc}/gu, "") : null;
}
