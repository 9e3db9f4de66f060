import type { Model } from "../models/model.ts";
import type { StoredModel, StoredTensor } from "./stored_model.ts";
import { bytesOfTensors } from "./total.ts";

/**
 * A checkpoint as its headers list it.
 *
 * @returns Null for a model whose tensors were not read from headers.
 */
export function headersModel({ tensors }: Model): StoredModel | null {
  if (!tensors.every(({ stored }) => stored)) return null;
  const all = tensors.flatMap((tensor): StoredTensor[] =>
    (tensor.stored ?? []).map(({ layers, dtype, bytes }) => ({
      tensor: { ...tensor, layers },
      format: FORMATS[dtype] ?? dtype.toLowerCase(),
      packing: null,
      matrices: null,
      pieces: [{ name: "weight", bytes, dtype }],
    }))
  );
  return {
    scheme: `as its headers say: ${typesOf(all).join(", ")}`,
    tensors: all,
    buffers: [],
    bytes: bytesOfTensors(all),
    basis: "exact",
    notes: [],
  };
}

/** Floating types by what scenarios call them. */
const FORMATS: Readonly<Record<string, string>> = {
  F32: "fp32",
  BF16: "bf16",
  F16: "fp16",
};

/** Most types that are named. */
const MAX_NAMED = 4;

/** The types that hold most bytes, largest first. */
function typesOf(tensors: readonly StoredTensor[]): string[] {
  const bytes = new Map<string, number>();
  for (const stored of tensors) {
    bytes.set(
      stored.format,
      (bytes.get(stored.format) ?? 0) + bytesOfTensors([stored]),
    );
  }
  return [...bytes].sort(([, a], [, b]) => b - a).slice(0, MAX_NAMED)
    .map(([format]) => format);
}
