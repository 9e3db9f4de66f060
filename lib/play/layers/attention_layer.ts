import type { Kernels } from "../torch/kernels.ts";
import type { Machine, Value } from "../torch/machine.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { copied } from "../torch/ops/arithmetic.ts";
import type { AttentionSettings, Heads } from "../torch/ops/attention.ts";
import { attention, liesByToken } from "../torch/ops/attention.ts";
import type { Norm } from "../torch/ops/norms.ts";
import type { RotaryTable } from "../torch/ops/rotary.ts";
import type { FusedLayout } from "../../models/families/code/attention.ts";
import type { ModelCode } from "../../plan/model_code.ts";
import { litgptHeads } from "./heads/litgpt_heads.ts";
import type { HeadMaker } from "./heads/made_heads.ts";
import { torchtuneHeads } from "./heads/torchtune_heads.ts";
import { transformersHeads } from "./heads/transformers_heads.ts";

/** Attention with a projection for each of q, k and v, or one for all. */
export interface AttentionPlan {
  readonly projections:
    | { readonly qkv: AdaptedLinear }
    | {
      readonly q: AdaptedLinear;
      readonly k: AdaptedLinear;
      readonly v: AdaptedLinear;
    };
  readonly o: AdaptedLinear;
  readonly qNorm: Norm | null;
  readonly kNorm: Norm | null;
  /** Whether those norm heads that were turned already: Hunyuan. */
  readonly normsTurned: boolean;
  readonly heads: Heads;
  readonly rotary: "whole" | "part" | "halves" | "none";
  readonly rotaryShare: number;
  /** Whether cosines and sines are repeated for this layer. */
  readonly repeatedTables: boolean;
  /** Whether they are turned in part, token by token: GPT-J. */
  readonly turnsByToken: boolean;
  /** Whether heads are turned in fp32. */
  readonly wideRotary: boolean;
  /** How a fused projection is cut. */
  readonly fused: FusedLayout;
  /** Whether keys and values, and what they are views of, are given back. */
  readonly cached: boolean;
  readonly settings: AttentionSettings;
  /** Whose code makes the heads. */
  readonly code: ModelCode["heads"];
  readonly kernels: Kernels;
}

const MAKERS: Record<ModelCode["heads"], HeadMaker> = {
  transformers: transformersHeads,
  torchtune: torchtuneHeads,
  litgpt: litgptHeads,
};

/**
 * Attention over normed hidden states.
 *
 * @param held Takes the weights that the layer's code refers to until its end.
 */
export function attentionLayer(
  m: Machine,
  x: Value,
  plan: AttentionPlan,
  table: RotaryTable | null,
  held: Value[] = [],
): Value {
  const rows = plan.heads.batch * plan.heads.queries;
  return m.within("attention activations", () =>
    m.call(() => {
      const { heads, sizes, byHead } = MAKERS[plan.code](m, x, plan, table);
      let out = attention(m, heads, sizes, plan.settings, null, held);
      const { implementation, masked } = plan.settings;
      if (byHead && !liesByToken(implementation, masked, out.dtype)) {
        const ordered = copied(m, out, "attention output by token");
        m.drop(out);
        out = ordered;
      }
      return adaptedLinear(m, out, rows, plan.o);
    }));
}
