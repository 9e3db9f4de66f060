import type { FamilyCode } from "../../models/families/code/code.ts";
import { expertsAreLinears } from "../../models/families/code/experts.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Release } from "../../scenario/version.ts";
import { isFrom, versionOf } from "../../scenario/version.ts";
import { isBitsandbytes } from "../bitsandbytes/formats.ts";
import type { Packing } from "../model_code.ts";

/**
 * Layers of the very class torch.nn.Linear alone are replaced from here on, and
 * Falcon's are of a class of its own.
 *
 * Source: huggingface/transformers integrations/bitsandbytes.py,
 * replace_with_bnb_linear; models/falcon/modeling_falcon.py, FalconLinear
 */
const OWN_LINEARS_LEFT: Release = [5, 5];

/** Which weights transformers has quantised. */
export function transformersPacking(
  scenario: Scenario,
  family: FamilyCode,
): Packing {
  return {
    packsHead: false,
    from: null,
    packsExperts: expertsAreLinears(
      family.experts,
      versionOf(scenario.software.transformers)?.major,
    ),
    findsNone: family.weights.ownLinears && isBitsandbytes(scenario) &&
      isFrom(scenario.software.transformers, OWN_LINEARS_LEFT),
  };
}
