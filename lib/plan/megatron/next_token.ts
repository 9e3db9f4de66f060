import type { Config } from "../../models/config.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { NextTokenPart } from "../../software/megatron/next_token.ts";
import { layerPlanOf } from "../layer_plan.ts";
import type { StepPlan } from "../step_plan.ts";
import { innerConfig } from "../traits.ts";
import type { HeldParameter } from "./held.ts";
import { parametersOf } from "./held.ts";
import type { Cuts } from "./matrix.ts";
import { matrixPart, normPart } from "./matrix.ts";
import { partOf } from "./parts.ts";

/** How many layers a model has that predict further tokens, by its config. */
export function furtherTokens(config: Config): number {
  const count = innerConfig(config)["num_nextn_predict_layers"];
  return typeof count === "number" ? count : 0;
}

/**
 * The layer that predicts a further token: one like the decoder's last.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/models/gpt/gpt_layer_specs.py,
 * get_gpt_mtp_block_spec
 *
 * @param ends The table of embeddings, and the last norm that it has one like.
 */
export function nextTokenPart(
  { stack, facts, modulesOf }: StepPlan,
  cuts: Cuts,
  { table, norm }: { readonly table: Parameter; readonly norm: Norm },
): NextTokenPart | { readonly reason: string } {
  const kind = stack.layers.at(-1);
  const layer = kind && partOf(layerPlanOf(modulesOf(kind), facts), cuts);
  if (!layer) {
    return {
      reason:
        `layers of models of type ${facts.architecture.type} are none of those that Megatron-Core is played with`,
    };
  }
  const width = table.shape[1] ?? 1;
  return {
    table,
    embeddingNorm: normPart(norm, cuts),
    hiddenNorm: normPart(norm, cuts),
    projection: matrixPart(
      "eh_proj",
      { in: 2 * width, out: width / cuts.tp },
      cuts,
    ),
    layer,
    norm: normPart(norm, cuts),
  };
}

/**
 * What the last stage holds of it.
 *
 * @param copiesTable Whether it has the embeddings for it alone.
 */
export function heldByNext(
  part: NextTokenPart,
  copiesTable: boolean,
): HeldParameter[] {
  const own = [
    part.embeddingNorm.weight,
    part.hiddenNorm.weight,
    part.projection.weight,
    part.norm.weight,
    ...(copiesTable ? [part.table] : []),
  ].filter((each) => each !== null);
  return [
    ...own.map((parameter) => ({ parameter, expert: false, count: 1 })),
    ...parametersOf(part.layer),
  ];
}
