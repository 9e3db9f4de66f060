import { CACHING_KIN } from "./caching_kin.ts";
import type { CodeParts } from "./code/code.ts";
import { GATED_NAMES, MULTIPLIED, WIDE_SIGMOIDS } from "./code/parts.ts";
import type { FamilyTypes } from "./family.ts";
import { ofHeaders } from "./family.ts";

/** Types whose tensors formulas declare, and whose code was traced. */
export const RECIPE_KIN: FamilyTypes = {
  apertus1p5_text: played("apertus1p5_text", { sizes: { gated: false } }),
  axk1: played("axk1"),
  hyperclovax: played("hyperclovax", MULTIPLIED, {
    layer: {
      arrangement: (config) =>
        config["use_post_norm"] === true ? "sandwich" : "pre",
    },
  }),
  iquestcoder: played("iquestcoder"),
  sarvam_mla: played("sarvam_mla", GATED_NAMES, WIDE_SIGMOIDS),
  sarvam_moe: played("sarvam_moe", WIDE_SIGMOIDS),
};

function played(type: string, ...parts: readonly CodeParts[]) {
  return ofHeaders({ cache: CACHING_KIN[type] ?? {} }, ...parts);
}
