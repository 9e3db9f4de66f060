import type { Estimate } from "../../lib/mod.ts";
import { toQuery } from "../../lib/mod.ts";
import type { Belongs } from "../form/comparison.ts";
import { comparisonAddress, letterOf, withSlot } from "../form/comparison.ts";
import { PAGE_FIELDS } from "../form/page_fields.ts";

/** The main page's query of an estimate. */
export function queryOf(estimate: Estimate, headers: boolean): string {
  const own = headers ? `&${PAGE_FIELDS.countFrom}=headers` : "";
  return toQuery(estimate.scenario) + own;
}

/** The way back to the comparison that the scenario came from. */
export function BackToComparison(
  { estimate, headers, belongs }: {
    estimate: Estimate;
    headers: boolean;
    belongs: Belongs | null;
  },
) {
  if (!belongs) return null;
  const slots = withSlot(belongs, queryOf(estimate, headers));
  const isNew = belongs.at >= belongs.slots.length;
  return (
    <section class="card" aria-label="Comparison">
      <p>
        {isNew
          ? `This becomes scenario ${letterOf(belongs.at)} of a comparison.`
          : `This is scenario ${letterOf(belongs.at)} of a comparison.`}
      </p>
      <a class="button" href={comparisonAddress(slots)}>
        {isNew ? "Add it to the comparison" : "Put it back"}
      </a>{" "}
      <a href={comparisonAddress(belongs.slots)}>Leave it as it was</a>
    </section>
  );
}
