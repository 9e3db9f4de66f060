import type { Architecture } from "./architecture.ts";
import type { Config } from "./config.ts";
import { codeOfType } from "./families/mod.ts";

/**
 * What of a config is not counted. Few types read a config for each layer; for
 * others transformers stops at the first field that layers have of their own.
 *
 * Source: huggingface/transformers
 * integrations/heterogeneity/configuration_utils.py
 */
export function uncountedWarnings(
  { type }: Architecture,
  config: Config,
): string[] {
  return codeOfType(type).sizes.perLayer || !setsLayersApart(config) ? [] : [
    `model.config.per_layer_config is not counted: transformers 5.24.0 builds no model of type ${type} with it`,
  ];
}

/** What a config says that no model of it would run with. */
export function faultNotes(architecture: Architecture): string[] {
  const { attention_heads, kv_heads, experts, experts_per_token } =
    architecture;
  const notes: string[] = [];
  if (attention_heads > 0 && kv_heads > 0 && attention_heads % kv_heads !== 0) {
    notes.push(
      `The config's heads for keys and values must divide its attention heads (${attention_heads}): current value is ${kv_heads}, and the model would not run`,
    );
  }
  // One expert is a plain MLP, which no router chooses.
  if (experts > 1 && experts_per_token > experts) {
    notes.push(
      `The config's experts per token must be at most its experts (${experts}): current value is ${experts_per_token}, and the model would not run`,
    );
  }
  return notes;
}

/** Fields of which no layer has other tensors. */
const WITHOUT_TENSORS: ReadonlySet<string> = new Set(["sliding_window"]);

function setsLayersApart(config: Config): boolean {
  return [config, config["text_config"]].some((each) =>
    isObject(each) && isObject(each["per_layer_config"]) &&
    Object.values(each["per_layer_config"]).some((layer) =>
      !isObject(layer) ||
      Object.keys(layer).some((field) => !WITHOUT_TENSORS.has(field))
    )
  );
}

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null;
}
