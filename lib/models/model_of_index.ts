import type { Result } from "../scenario/parse_scenario.ts";
import { formatCount, groupDigits } from "../units/mod.ts";
import { modelOfConfig } from "./build_model.ts";
import type { Config } from "./config.ts";
import type { Model } from "./model.ts";

/** Bytes of a number of the types that checkpoints are saved in. */
const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
};

/** A total rounded by padding, or by buffers saved beside the weights. */
const SAME = 1e-3;

/** What an index says of the files that are not there. */
interface IndexTotals {
  readonly parameters: number | null;
  readonly bytes: number | null;
}

/**
 * The totals of a `model.safetensors.index.json`'s `metadata`.
 *
 * @param text The file's content; one that is no index says nothing.
 */
export function totalsOfIndex(text: string): IndexTotals {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    return { parameters: null, bytes: null };
  }
  const metadata = (index as { metadata?: Record<string, unknown> } | null)
    ?.metadata;
  const whole = (key: string): number | null => {
    const value = Number(metadata?.[key] ?? NaN);
    return Number.isSafeInteger(value) && value > 0 ? value : null;
  };
  return { parameters: whole("total_parameters"), bytes: whole("total_size") };
}

/**
 * The model of a folder that has a config.json and an index, and no files of weights
 * yet. Where the config's type is not known, its parameters are the index's.
 */
export function modelOfIndex(
  id: string,
  config: Config,
  totals: IndexTotals,
): Result<Model> {
  const built = modelOfConfig(config, { name: id, source: "config" });
  if (!built.ok || config["quantization_config"]) return built;
  const dtype = String(config["dtype"] ?? config["torch_dtype"] ?? "bfloat16");
  const each = BYTES[dtype];
  const stated = totals.parameters ??
    (totals.bytes !== null && each ? totals.bytes / each : null);
  if (stated === null || !Number.isInteger(stated)) return built;
  const { value: model } = built;
  const off = model.parameters / stated - 1;
  const said = totals.parameters === null
    ? `metadata.total_size (${
      groupDigits(totals.bytes ?? 0)
    } bytes of ${dtype})`
    : `metadata.total_parameters`;
  if (Math.abs(off) <= SAME) return built;
  if (model.parameters_basis === "exact") {
    return {
      ok: true,
      value: {
        ...model,
        doubts: [
          ...model.doubts ?? [],
          `The index's ${said} says ${
            formatCount(stated)
          } parameters, the config ${formatCount(model.parameters)}`,
        ],
      },
    };
  }
  return {
    ok: true,
    value: {
      ...model,
      parameters: stated,
      active_parameters: Math.max(
        0,
        stated - (model.parameters - model.active_parameters),
      ),
      notes: [
        ...model.notes,
        `The index's ${said} says ${
          groupDigits(stated)
        } parameters, which count; the config's own dimensions give ${
          groupDigits(model.parameters)
        }`,
      ],
    },
  };
}
