import type { Config, Estimate } from "../../lib/mod.ts";
import { findModel, groupDigits } from "../../lib/mod.ts";

type Model = Estimate["model"];
type Architecture = Model["architecture"];

const SOURCES = {
  catalogue: "the catalogue",
  config: "the given config.json",
  headers: "the checkpoint's headers",
  dims: "the given dimensions",
} as const;

/** Where the model is from. */
export function sourceWords({ model, scenario }: Estimate): string {
  return model.source === "config" && typeof scenario.model === "string"
    ? "its config.json on the Hub"
    : SOURCES[model.source];
}

/** What kind of model it is, by its dimensions and its tensors' roles. */
export function kindWords({ model, scenario }: Estimate): string {
  const { architecture, roles } = model;
  const has = (role: string): boolean =>
    roles.some((each) => each.role === role);
  const stateSpace = has("state space");
  const body = isEncoderDecoder(configOf(scenario.model))
    ? "encoder-decoder"
    : !stateSpace
    ? "transformer"
    : architecture.attention_heads > 0
    ? "hybrid of attention and state space"
    : "state-space model";
  const towers = [
    ...(architecture.vision !== null || has("vision tower") ? ["vision"] : []),
    ...(has("audio tower") ? ["audio"] : []),
  ].map((tower) => `with ${tower}`);
  return [
    architecture.experts > 1 ? "mixture-of-experts" : "dense",
    body,
    ...towers,
  ].join(" ");
}

/** How many layers there are, and how wide. */
export function dimensionWords({ model, scenario }: Estimate): string {
  const a = model.architecture;
  const both = isEncoderDecoder(configOf(scenario.model))
    ? " of encoder and decoder"
    : "";
  return `${layerWords(a.layers)}${both}, hidden ${
    groupDigits(a.hidden_size)
  }, MLP ${groupDigits(a.intermediate_size)}, vocabulary ${
    groupDigits(a.vocab_size)
  }`;
}

/** The heads, and what keys and values are kept in. */
export function attentionWords({ model, scenario }: Estimate): string {
  const a = model.architecture;
  if (a.attention_heads === 0) return "no attention";
  const latent = configOf(scenario.model)?.["kv_lora_rank"];
  return typeof latent === "number" && latent > 0
    ? `${a.attention_heads} heads, keys and values from a latent of ${
      groupDigits(latent)
    }`
    : `${a.attention_heads} heads of ${a.head_dim}, ${a.kv_heads} for keys and values`;
}

/** The experts, their size, and what stands beside them. */
export function expertWords(a: Architecture): string {
  const shared = a.shared_expert_intermediate_size > 0
    ? `, beside a shared MLP of ${
      groupDigits(a.shared_expert_intermediate_size)
    }`
    : "";
  const dense = a.dense_layers > 0
    ? `; ${layerWords(a.dense_layers)} without experts`
    : "";
  return `${a.experts} of MLP ${
    groupDigits(a.expert_intermediate_size)
  }, of which a token uses ${a.experts_per_token}${shared}${dense}`;
}

/** The vision tower's dimensions. */
export function visionWords(
  { layers, hidden_size, patch_size }: NonNullable<Architecture["vision"]>,
): string {
  return `${layerWords(layers)}, hidden ${
    groupDigits(hidden_size)
  }, patches of ${patch_size} × ${patch_size} pixels`;
}

function layerWords(layers: number): string {
  return layers === 1 ? "1 layer" : `${groupDigits(layers)} layers`;
}

/** The config.json of a model that was given or is in the catalogue. */
function configOf(model: Estimate["scenario"]["model"]): Config | undefined {
  if (typeof model === "string") return findModel(model)?.config;
  return "config" in model ? model.config : undefined;
}

function isEncoderDecoder(config: Config | undefined): boolean {
  return config?.["is_encoder_decoder"] === true;
}
