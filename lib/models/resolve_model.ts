import type { Dims, ModelField } from "../scenario/model_field.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import { shown } from "../scenario/problem.ts";
import { formatCount, groupDigits } from "../units/mod.ts";
import type { Architecture } from "./architecture.ts";
import { OF_DIMENSIONS } from "./architecture.ts";
import { modelOfConfig, modelOfDimensions } from "./build_model.ts";
import type { CatalogueEntry } from "./catalogue.ts";
import { findModel } from "./catalogue.ts";
import type { Config } from "./config.ts";
import type { Model } from "./model.ts";
import { similarModels } from "./names/search_models.ts";
import type { ModelVariant } from "./variants/variant_of.ts";
import { variantOf } from "./variants/variant_of.ts";

const catalogued = new Map<CatalogueEntry, Model>();

/**
 * Finds out what a Scenario's model is: a name of the catalogue, a config.json,
 * or dimensions.
 *
 * @returns The model, or why it cannot be had.
 */
export function resolveModel(field: ModelField): Result<Model> {
  if (typeof field === "string") return fromCatalogue(field);
  return "config" in field ? fromConfig(field.config) : fromDims(field.dims);
}

function fromCatalogue(name: string): Result<Model> {
  const entry = findModel(name);
  const variant = entry ? null : variantOf(name);
  if (variant) return fromVariant(name.trim(), variant);
  if (!entry) {
    return {
      ok: false,
      problems: [{ path: "model", message: unknown(name) }],
    };
  }
  const known = catalogued.get(entry);
  if (known) return { ok: true, value: known };
  const built = modelOfConfig(entry.config, {
    name: entry.id,
    source: "catalogue",
    isCounted: entry.counted ?? false,
  });
  if (!built.ok) return built;
  const model = withRemarks(built.value, entry);
  catalogued.set(entry, model);
  return { ok: true, value: model };
}

/** What the catalogue says beside an entry's config. */
function withRemarks(
  model: Model,
  { id, note, taken_for, unread }: CatalogueEntry,
): Model {
  const notes = [
    ...(note === undefined ? [] : [`${id}: ${note}`]),
    ...(taken_for === undefined ? [] : [
      `${id} is taken to have the config of ${taken_for}, from which it was made; its own may differ in its vocabulary or its context`,
    ]),
  ];
  if (notes.length === 0) return model;
  return {
    ...model,
    parameters_basis: taken_for === undefined && !unread
      ? model.parameters_basis
      : basisOf(model, { unread }),
    notes: [...model.notes, ...notes],
  };
}

/** What is sure of a count that is another model's. */
function basisOf(
  model: Model,
  { unread }: { unread?: true | undefined },
): Model["parameters_basis"] {
  return unread || model.parameters_basis === "assumed" ? "assumed" : "derived";
}

/** Published variants by their models and endings; both are few. */
const published = new Map<string, Model>();
const MAX_PUBLISHED = 1000;

/** A copy, or a quantised checkpoint, of a model that the catalogue has. */
function fromVariant(name: string, variant: ModelVariant): Result<Model> {
  const { base, config } = variant;
  const key = name.toLowerCase();
  const known = published.get(key);
  if (known) return { ok: true, value: known };
  const built = modelOfConfig(config, {
    name,
    source: "catalogue",
    isCounted: base.counted ?? false,
  });
  if (!built.ok) return built;
  const model: Model = {
    ...built.value,
    parameters_basis: basisOf(built.value, base),
    notes: [
      ...built.value.notes,
      ...(base.note === undefined ? [] : [`${base.id}: ${base.note}`]),
      takenFor(name, variant),
    ],
  };
  if (published.size >= MAX_PUBLISHED) published.clear();
  published.set(key, model);
  return { ok: true, value: model };
}

function takenFor(name: string, { base, ending }: ModelVariant): string {
  return ending === null
    ? `${name} is taken for a copy of ${base.id}; its own config.json may differ`
    : `${name} is taken for ${base.id} in the usual layout of "${ending}" when it is served; its own config.json may leave other layers out. Training loads what quantization.weights says`;
}

function fromConfig(config: Config): Result<Model> {
  const name = [config["_name_or_path"], config["model_type"]]
    .map((stated) => typeof stated === "string" ? plainName(stated) : "")
    .find((stated) => stated !== "");
  return modelOfConfig(config, {
    name: name ?? "config.json",
    source: "config",
  });
}

function plainName(name: string): string {
  return name.replaceAll(/\p{Cc}/gu, "").trim().slice(0, 200);
}

function fromDims(dims: Dims): Result<Model> {
  const architecture = architectureOfDims(dims);
  if (architecture.head_dim === 0) {
    return {
      ok: false,
      problems: [{
        path: "model.dims.attention_heads",
        message:
          `model.dims.attention_heads must be at most hidden_size (${dims.hidden_size}) when head_dim is not given: current value is ${dims.attention_heads}`,
      }],
    };
  }
  const built = modelOfDimensions(architecture, { name: "", source: "dims" });
  if (!built.ok) return built;
  const counted = built.value;
  const stated = dims.parameters ?? counted.parameters;
  return {
    ok: true,
    value: {
      ...counted,
      name: `custom ${formatCount(stated)}`,
      parameters: stated,
      active_parameters: Math.max(
        0,
        stated - (counted.parameters - counted.active_parameters),
      ),
      parameters_basis: dims.parameters === undefined ? "derived" : "assumed",
      notes: disagreement(stated, counted.parameters),
    },
  };
}

function architectureOfDims(dims: Dims): Architecture {
  const intermediate = dims.intermediate_size ?? 4 * dims.hidden_size;
  const experts = dims.experts ?? 0;
  return {
    type: OF_DIMENSIONS,
    layers: dims.layers,
    hidden_size: dims.hidden_size,
    attention_heads: dims.attention_heads,
    kv_heads: dims.kv_heads ?? dims.attention_heads,
    head_dim: dims.head_dim ??
      Math.floor(dims.hidden_size / dims.attention_heads),
    intermediate_size: intermediate,
    vocab_size: dims.vocab_size,
    tie_embeddings: dims.tie_embeddings,
    gated_mlp: dims.gated_mlp,
    experts,
    experts_per_token: dims.experts_per_token ?? (experts > 0 ? 1 : 0),
    expert_intermediate_size: experts > 0
      ? dims.expert_intermediate_size ?? intermediate
      : 0,
    shared_expert_intermediate_size: dims.shared_expert_intermediate_size ?? 0,
    dense_layers: 0,
    max_position_embeddings: dims.max_position_embeddings ?? null,
    vision: null,
  };
}

function disagreement(stated: number, counted: number): string[] {
  const difference = (stated - counted) / counted;
  if (Math.abs(difference) < 0.005) return [];
  const percent = `${difference > 0 ? "+" : ""}${
    (100 * difference).toFixed(1)
  } %`;
  return [
    `model.dims.parameters (${
      groupDigits(stated)
    }) and the dimensions disagree: they give ${
      groupDigits(counted)
    } (${percent}); the timeline plays the tensors of the dimensions, other methods take the stated count`,
  ];
}

/** What a model that is not known is helped by. */
export const DESCRIBE_INSTEAD =
  "give its config.json or its dimensions instead";

function unknown(name: string): string {
  const similar = similarModels(name);
  const hint = similar.length > 0
    ? `did you mean ${similar.join(", ")}?`
    : DESCRIBE_INSTEAD;
  return `model must be in the catalogue: current value is ${
    shown(name)
  }; ${hint}`;
}
