import type { GgmlType } from "../../models/headers/ggml_types.ts";
import type { GgufWeight } from "./gguf_model.ts";
import { deviceBytes, hostBytes, rowBytes } from "./sizes.ts";

/** A tensor of a GGUF file with what it takes where, by its type and rows. */
export function sizedWeight(
  type: GgmlType,
  weight: Omit<GgufWeight, "type" | "bytes" | "deviceBytes" | "hostBytes">,
): GgufWeight {
  return {
    ...weight,
    type,
    bytes: rowBytes(type, weight),
    deviceBytes: deviceBytes(type, weight),
    hostBytes: hostBytes(type, weight),
  };
}
