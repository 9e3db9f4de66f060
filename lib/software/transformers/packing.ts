import { expertsAreLinears } from "../../models/stacked_experts.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { versionOf } from "../../scenario/version.ts";
import { isBitsandbytes } from "../bitsandbytes/formats.ts";
import type { Packing } from "../model_code.ts";

/** Which weights transformers has quantised. */
export function transformersPacking(
  scenario: Scenario,
  type: string,
): Packing {
  return {
    packsHead: false,
    from: null,
    packsExperts: expertsAreLinears(
      type,
      versionOf(scenario.software.transformers)?.major,
    ),
    findsNone: leavesLinears(scenario, type),
  };
}

/**
 * Whether bitsandbytes finds no layers to pack: transformers from 5.5 on replaces
 * layers of the very class torch.nn.Linear, and Falcon's are of a class of its own.
 *
 * Source: huggingface/transformers integrations/bitsandbytes.py,
 * replace_with_bnb_linear; models/falcon/modeling_falcon.py, FalconLinear
 */
function leavesLinears(scenario: Scenario, type: string): boolean {
  const { major, minor } = versionOf(scenario.software.transformers) ??
    { major: 5, minor: 5 };
  return type === "falcon" && isBitsandbytes(scenario) &&
    (major > 5 || (major === 5 && minor >= 5));
}
