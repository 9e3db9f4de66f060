import type { Role } from "../tensors/tensor.ts";
import type { HeaderTensor } from "./header_tensor.ts";
import type { NameKind, NameKinds } from "./name_kinds.ts";
import { roleOfName } from "./role_of_name.ts";

/** How weights are packed. */
export interface BitPacking {
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
/**
 * How 32-bit integers pack weights, told by a weight whose inputs must be as
 * wide as the residual stream, and by its scales.
 *
 * @param headers Every tensor by its name.
 * @param kinds What their names tell.
 * @param hidden Width of the residual stream; null when it is not known.
 */
export function packingOf(
  headers: ReadonlyMap<string, HeaderTensor>,
  kinds: NameKinds,
  hidden: number | null,
): BitPacking {
  if (hidden === null) return { bits: null, group: null };
  const seen = new Set<string>();
  for (const { name, dtype, shape } of headers.values()) {
    if (dtype !== "I32" && dtype !== "U32") continue;
    const bits = 32 * (shape.at(-1) ?? 0) / hidden;
    if (!WIDTHS.has(bits)) continue;
    const { plain } = kinds.of(name);
    if (seen.has(plain)) continue;
    if (!isFromHidden(plain)) {
      seen.add(plain);
      continue;
    }
    const base = name.replace(/\.weight(_packed)?$/, "");
    const groups =
      (headers.get(`${base}.scales`) ?? headers.get(`${base}.weight_scale`))
        ?.shape.at(-1) ?? 0;
    return {
      bits,
      group: groups > 1 && hidden % groups === 0 ? hidden / groups : null,
    };
  }
  return { bits: null, group: null };
}

/** Whether a weight of the language model reads the residual stream. */
function isFromHidden(name: string): boolean {
  return /\.weight(_packed)?$/.test(name) && !LOW_RANK.test(name) &&
    !/visi|visual|audio/.test(name) &&
    FROM_HIDDEN.has(roleOfName(name.replace(/_packed$/, "")));
}

/**
 * Width of the residual stream: that of the last norm, or of the embedding.
 *
 * @param kinds What the name of each tells.
 * @returns Null when the names tell neither.
 */
export function hiddenOf(
  headers: readonly HeaderTensor[],
  kinds: readonly NameKind[],
): number | null {
  const norm = headers.find(({ shape }, at) =>
    shape.length === 1 && kinds[at]?.lastNorm
  );
  const embedding = headers.find(({ dtype, shape }, at) =>
    kinds[at]?.role === "embedding" && shape.length === 2 &&
    /F(16|32)$/.test(dtype)
  );
  return norm?.shape[0] ?? embedding?.shape[1] ?? null;
}
