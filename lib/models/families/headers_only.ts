import type { Config } from "../config.ts";
import { numberOf } from "./code/setting.ts";
import { GATED_NAMES, NARROW_WEIGHTS, STACKED } from "./code/parts.ts";
import type { FamilyTypes } from "./family.ts";
import { ofHeaders } from "./family.ts";

/** Types of whom only the code is known: their tensors are read off headers. */
export const HEADERS_ONLY: FamilyTypes = {
  aria: ofHeaders(STACKED, { experts: { isTransposed: true } }),
  aria_text: ofHeaders(STACKED, { experts: { isTransposed: true } }),
  btlm: ofHeaders({ peft: { targets: ["c_proj", "c_attn"] } }),
  // Its LayerNorms have no biases.
  dbrx: ofHeaders(STACKED, {
    layer: { norm: "layer" },
    cache: {
      tokens: (text, { heads, keys }) => {
        const own = numberOf(
          text["attn_config"] as Config | undefined ?? {},
          [["kv_n_heads"], 1],
        );
        const each = own * keys / heads;
        return { heads: own, keys: each, values: each };
      },
    },
  }),
  jetmoe: ofHeaders(STACKED),
  laguna: ofHeaders(NARROW_WEIGHTS),
  layoutlm: ofHeaders({ peft: { targets: ["query", "value"] } }),
  mellum: ofHeaders(GATED_NAMES, NARROW_WEIGHTS),
};
