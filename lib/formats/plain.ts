import type { Model } from "../models/model.ts";
import type { WeightScheme } from "./scheme.ts";
import { storedBy } from "./stored.ts";
import type { StoredModel } from "./stored_model.ts";

/** A checkpoint of plain floating-point tensors. */
export function plainModel(
  model: Model,
  type: WeightScheme["plain"],
): StoredModel {
  return storedBy(model, {
    words: type,
    formats: [],
    plain: type,
    narrows: false,
    cacheScale: null,
    packed: ({ layers }) => [{ packing: null, layers }],
    basis: "exact",
    notes: [],
  });
}
