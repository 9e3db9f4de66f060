import type { CachePart } from "../../models/families/code/cache.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { layerPlanOf } from "../../plan/layer_plan.ts";
import type { LayerCaches } from "../caches.ts";

/**
 * What layers keep as transformers does: Falcon's groups repeat their heads for
 * every query before they are cached, and older releases keep the keys and values
 * that latents give.
 *
 * Source: huggingface/transformers models/falcon/modeling_falcon.py, _split_heads;
 * 5.14 models/deepseek_v3/modeling_deepseek_v3.py
 *
 * @param tp Ranks that share the heads of the plan's whole model.
 */
export function cachesAsKept(
  caches: LayerCaches,
  { facts, stack, modulesOf }: StepPlan,
  expandsLatents: boolean,
  tp: number,
): LayerCaches {
  const { architecture, traits } = facts;
  const repeats = traits.fused === "grouped"
    ? architecture.attention_heads / Math.max(1, architecture.kv_heads)
    : 1;
  const latents = expandsLatents &&
    caches.groups.some(({ keeps }) =>
      keeps.some(({ kind }) => kind === "latent")
    );
  if (repeats === 1 && !latents) return caches;
  const attention = stack.kinds.map((kind) =>
    layerPlanOf(modulesOf(kind), facts).attention
  ).find((each) => each !== null);
  const asKept = (part: CachePart): CachePart => {
    if (part.kind === "latent" && latents && attention) {
      const { heads, width, valueWidth } = attention.heads;
      return {
        kind: "full",
        heads: tp * heads,
        keys: tp * heads * width,
        values: tp * heads * valueWidth,
      };
    }
    return "heads" in part
      ? {
        ...part,
        heads: part.heads * repeats,
        keys: part.keys * repeats,
        values: part.values * repeats,
      }
      : part;
  };
  return {
    ...caches,
    groups: caches.groups.map((group) => ({
      ...group,
      keeps: group.keeps.map(asKept),
    })),
  };
}
