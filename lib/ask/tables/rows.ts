import {
  inferenceBytes,
  loraBytes,
  trainingBytes,
} from "../../methods/rule_of_thumb/formulas.ts";
import { bytesWithScales } from "../../methods/rule_of_thumb/weight_types.ts";
import type { TablesConfig } from "./config.ts";

/** What a model needs in one data type, by use. Bytes are whole. */
export interface TypeRow {
  type: string;
  description: string;
  bytes_per_param: number;
  /** Whether the scales of the format's blocks are counted, as files hold them. */
  with_scales: boolean;
  total_bytes: number;
  inference_bytes: number;
  training_bytes: number;
  lora_bytes: number;
}

/**
 * A row for each data type; one more for a format whose scales the type's bytes
 * leave out.
 *
 * @param types The data types of these names; all of them where none is named.
 */
export function typeRows(
  parameters: number,
  loraRank: number,
  { data_types }: TablesConfig,
  types: readonly string[] = [],
): TypeRow[] {
  return Object.entries(data_types)
    .filter(([type]) => types.length === 0 || types.includes(type))
    .flatMap(([type, { bytes_per_param, description }]) => {
      const row = (bytes: number, withScales: boolean): TypeRow => ({
        type,
        description,
        bytes_per_param: bytes,
        with_scales: withScales,
        ...needs(parameters, bytes, loraRank),
      });
      const whole = bytesWithScales(type);
      return whole === null || whole === bytes_per_param
        ? [row(bytes_per_param, false)]
        : [row(bytes_per_param, false), row(whole, true)];
    });
}

function needs(parameters: number, bytes: number, rank: number) {
  const weights = parameters * bytes;
  return {
    total_bytes: Math.round(weights),
    inference_bytes: Math.round(inferenceBytes(weights)),
    training_bytes: Math.round(trainingBytes(weights)),
    lora_bytes: Math.round(loraBytes(weights, parameters, rank)),
  };
}
