import type { Model } from "../../models/model.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import type { ConvertedTensor } from "./converted_tensor.ts";

/** What a config's kinds of scaled rotary embeddings are written as. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  llama3: ["rope_freqs"],
  longrope: ["rope_factors_long", "rope_factors_short"],
  su: ["rope_factors_long", "rope_factors_short"],
};

/**
 * The tables of rotary factors that llama.cpp's converter computes from a config.
 *
 * Source: llama.cpp conversion/llama.py and phi.py, generate_extra_tensors.
 */
export function rotaryTables(
  { config, architecture }: Model,
): ConvertedTensor[] {
  const text = partOf(config, "text_config") ?? config;
  const scaling = partOf(text, "rope_scaling") ??
    partOf(text, "rope_parameters");
  const kind = scaling?.rope_type ?? scaling?.type;
  const names = typeof kind === "string" && Object.hasOwn(TABLES, kind)
    ? TABLES[kind] ?? []
    : [];
  const stated = text?.partial_rotary_factor;
  const share = typeof stated === "number" && stated > 0 && stated <= 1
    ? stated
    : 1;
  const row = Math.floor(architecture.head_dim * share / 2);
  return row < 1 ? [] : names.map((name) => ({
    name: `${name}.weight`,
    tensor: pictured(name, row),
    place: "table",
    layers: null,
    expert: false,
    isKnown: true,
    row,
    rows: 1,
    matrices: 1,
    dimensions: 1,
  }));
}

function pictured(name: string, row: number): Tensor {
  return {
    name: `${name}.weight`,
    shape: [row],
    role: "other",
    piece: "language_model",
    module: "parameter",
    layers: null,
    split: null,
    expert: false,
    quantized: false,
    dtype: "fp32",
  };
}

function partOf(
  config: Readonly<Record<string, unknown>> | undefined,
  key: string,
): Readonly<Record<string, unknown>> | undefined {
  const part = config?.[key];
  return typeof part === "object" && part !== null
    ? part as Record<string, unknown>
    : undefined;
}
