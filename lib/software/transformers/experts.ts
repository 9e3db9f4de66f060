import type { ExpertsCode } from "../../models/families/code/experts.ts";
import { expertsAreLinears } from "../../models/families/code/experts.ts";
import type { ExpertCode } from "../../play/layers/expert_types.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { versionOf } from "../../scenario/version.ts";

/** transformers 5 groups its experts where torch can, from 2.9. */
export function expertCodeOf(
  { transformers, torch }: Scenario["software"],
  experts: ExpertsCode,
): ExpertCode {
  const release = versionOf(transformers)?.major;
  if (expertsAreLinears(experts, release)) return "linears";
  // Experts that lie in one parameter there run one by one, as slices of it.
  if (release === 4) return "slices";
  const { major, minor } = versionOf(torch) ?? { major: 2, minor: 9 };
  return major > 2 || minor >= 9 ? "grouped" : "slices";
}
