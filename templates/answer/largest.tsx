import type { Estimate, Largest, Scenario } from "../../lib/mod.ts";
import { toQuery } from "../../lib/mod.ts";
import { changedQuery } from "../changed_query.ts";
import { PAGE_FIELDS } from "../form/page_fields.ts";
import { largestWords } from "../largest_words.ts";

/**
 * The way to how far it can go, batch, length and the like: worked out once somebody opens it, or
 * by its link where there are no scripts.
 */
export function LargestLater(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
  const own = headers ? `&${PAGE_FIELDS.countFrom}=headers` : "";
  const href = `/largest?${toQuery(estimate.scenario)}${own}`;
  return (
    <details
      class="card fold"
      id="largest"
      hx-get={href}
      hx-trigger="toggle once"
      hx-target="#largest-found"
      hx-swap="outerHTML"
    >
      <summary>
        <h3>How far it can go</h3>
      </summary>
      <p id="largest-found">
        <a href={href}>Work out the largest batch, length and the like</a>
      </p>
      <progress class="waits" aria-label="Working out how far it can go" />
    </details>
  );
}

/** How far a scenario can go. */
export interface HowFar {
  readonly found: readonly Largest[];
  readonly scenario: Scenario;
  /** Where it fits at no size: the same with the cheapest changes that are enough. */
  readonly changed:
    | (Omit<HowFar, "changed"> & { readonly words: string })
    | null;
}

/** The largest values that fit, each a link that sets it, with what was tried. */
export function LargestAnswer(
  { found, scenario, changed, headers }: HowFar & {
    /** Whether it was asked to count from the checkpoint's headers. */
    headers: boolean;
  },
) {
  return (
    <div id="largest-found">
      {found.map((each) => (
        <LargestLine found={each} scenario={scenario} headers={headers} />
      ))}
      {changed && (
        <>
          <p>With what makes it fit, {changed.words}:</p>
          {changed.found.map((each) => (
            <LargestLine
              found={each}
              scenario={changed.scenario}
              headers={headers}
            />
          ))}
        </>
      )}
    </div>
  );
}

function LargestLine(
  { found, scenario, headers }: {
    found: Largest;
    scenario: Scenario;
    headers: boolean;
  },
) {
  const own = headers ? `&${PAGE_FIELDS.countFrom}=headers` : "";
  const { name, value, sentences } = largestWords(found);
  return (
    <p>
      {name}: {found.value === null
        ? <strong>{value}</strong>
        : (
          <a href={`/?${changedQuery(scenario, found.set)}${own}`}>
            {value}
          </a>
        )}. <span class="hint">{sentences.join(" ")}</span>
    </p>
  );
}
