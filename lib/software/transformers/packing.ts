import type { FamilyCode } from "../../models/families/code/code.ts";
import { expertsAreLinears } from "../../models/families/code/experts.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { isFrom, versionOf } from "../../scenario/version.ts";
import { isBitsandbytes } from "../bitsandbytes/formats.ts";
import type { Packing } from "../model_code.ts";

/** Which weights transformers has quantised. */
export function transformersPacking(
  scenario: Scenario,
  { experts, weights }: FamilyCode,
): Packing {
  return {
    packsHead: false,
    from: null,
    packsExperts: expertsAreLinears(
      experts,
      versionOf(scenario.software.transformers)?.major,
    ),
    findsNone: weights.ownLinears && leavesLinears(scenario),
  };
}

/**
 * Whether bitsandbytes finds no layers of a class of their own: transformers from
 * 5.5 on replaces those of the very class torch.nn.Linear.
 *
 * Source: huggingface/transformers integrations/bitsandbytes.py,
 * replace_with_bnb_linear; models/falcon/modeling_falcon.py, FalconLinear
 */
function leavesLinears(scenario: Scenario): boolean {
  return isBitsandbytes(scenario) &&
    isFrom(scenario.software.transformers, [5, 5]);
}
