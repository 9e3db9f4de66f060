import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Kin } from "../record.ts";
import type { Trained } from "../rule.ts";
import { bytesOf, like, ruleOf, sidesOf, times } from "../rule.ts";

/** Ranks that the projects' own examples take; a Scenario cannot say others. */
const GALORE_RANK = 128;
const APOLLO_RANK = 256;

/** Adam on gradients that are projected to a low rank. */
export const LOW_RANK = {
  galore: {
    rule: ruleOf({
      states: (tensor) => lowRank(tensor, GALORE_RANK, true),
      own: (tensor) => tensor.hidden ? svd(tensor) : 2 * bytesOf(tensor),
      basis: "assumed",
    }),
    spellings: {
      transformers: {
        galore_adamw: {},
        galore_adamw_8bit: { bits: 8 },
        galore_adamw_layerwise: { in_backward: true },
        galore_adamw_8bit_layerwise: { bits: 8, in_backward: true },
      },
    },
  },
  apollo: {
    rule: ruleOf({
      states: (tensor) => lowRank(tensor, APOLLO_RANK, false),
      own: times(2),
      basis: "assumed",
    }),
    spellings: {
      transformers: {
        apollo_adamw: {},
        apollo_adamw_layerwise: { in_backward: true },
      },
    },
  },
  "apollo-mini": {
    rule: ruleOf({
      states: (tensor) => lowRank(tensor, 1, false),
      own: times(2),
      basis: "assumed",
    }),
    spellings: {},
  },
} satisfies Kin;

/** Adam's two for a projected matrix, and the projection where it is stored. */
function lowRank(tensor: Trained, rank: number, stored: boolean): number[] {
  if (!tensor.hidden) return like(2)(tensor);
  const unit = DTYPE_BYTES[tensor.dtype];
  const [rows, columns] = sidesOf(tensor);
  const own = Math.min(rank, rows, columns);
  const moments = unit * own * Math.max(rows, columns);
  return [
    moments,
    moments,
    ...(stored ? [unit * own * Math.min(rows, columns)] : []),
  ];
}

/** The singular vectors of a gradient, which is taken in fp32. */
function svd({ shape, elements }: Trained): number {
  const [rows = 1, columns = 1] = shape;
  const side = Math.min(rows, columns);
  return 4 * (elements + side * (rows + columns));
}
