import type { Role } from "../tensors/tensor.ts";
import type { HeaderTensor } from "./header_tensor.ts";
import { roleOfName } from "./role_of_name.ts";

/** How weights are packed. */
export interface Packing {
  /** Bits of a weight; null when nothing tells. */
  bits: number | null;
  /** Inputs that share a scale; null when nothing tells, or all do. */
  group: number | null;
}

/** Widths that quantisers pack weights in. */
const WIDTHS = new Set([1, 2, 3, 4, 5, 6, 8]);
/** Roles of weights whose inputs are the residual stream. */
const FROM_HIDDEN = new Set<Role>(["q", "k", "v", "qkv", "gate", "up"]);
/** Of these, the ones that a low rank stands before. */
const LOW_RANK = /q_b(_proj)?\./;
/** The norm after the last layer, wherever the language model is. */
const LAST_NORM =
  /^(\w*(model|transformer|backbone|neox)\.)*(ln_f|norm(_f)?|final\w*norm)\.weight$/;

/**
 * How 32-bit integers pack weights, told by a weight whose inputs must be as
 * wide as the residual stream, and by its scales.
 *
 * @param hidden Width of the residual stream; null when it is not known.
 */
export function packingOf(
  headers: readonly HeaderTensor[],
  hidden: number | null,
): Packing {
  if (hidden === null) return { bits: null, group: null };
  const shapes = new Map(headers.map(({ name, shape }) => [name, shape]));
  for (const { name, dtype, shape } of headers) {
    if (dtype !== "I32" && dtype !== "U32") continue;
    if (!/\.weight(_packed)?$/.test(name) || LOW_RANK.test(name)) continue;
    if (/visi|visual|audio/.test(name)) continue;
    if (!FROM_HIDDEN.has(roleOfName(name.replace(/_packed$/, "")))) continue;
    const bits = 32 * (shape.at(-1) ?? 0) / hidden;
    if (!WIDTHS.has(bits)) continue;
    const base = name.replace(/\.weight(_packed)?$/, "");
    const groups =
      (shapes.get(`${base}.scales`) ?? shapes.get(`${base}.weight_scale`))
        ?.at(-1) ?? 0;
    return {
      bits,
      group: groups > 1 && hidden % groups === 0 ? hidden / groups : null,
    };
  }
  return { bits: null, group: null };
}

/**
 * Width of the residual stream: that of the last norm, or of the embedding.
 *
 * @returns Null when the names tell neither.
 */
export function hiddenOf(headers: readonly HeaderTensor[]): number | null {
  const norm = headers.find(({ name, shape }) =>
    shape.length === 1 && LAST_NORM.test(name)
  );
  const embedding = headers.find(({ name, dtype, shape }) =>
    shape.length === 2 && /F(16|32)$/.test(dtype) &&
    roleOfName(name) === "embedding"
  );
  return norm?.shape[0] ?? embedding?.shape[1] ?? null;
}
