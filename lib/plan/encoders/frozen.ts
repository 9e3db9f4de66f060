import type { EncoderCode } from "../../models/families/code/encoder.ts";
import type { Model } from "../../models/model.ts";

/**
 * Names of parameters that never train: those of the family, and an embedding
 * that nobody reads because each stack has one of its own.
 */
export function frozenOf(
  { frozen }: EncoderCode,
  model: Model,
): RegExp | null {
  const apart = model.tensors.some(({ name }) =>
    /encoder\.embed_tokens\.weight$/.test(name)
  );
  if (!apart) return frozen;
  return new RegExp(`(^|\\.)shared\\.weight$|${frozen?.source ?? "(?!)"}`);
}
