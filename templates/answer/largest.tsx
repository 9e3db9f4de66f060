import type { Estimate, Largest } from "../../lib/mod.ts";
import { toQuery } from "../../lib/mod.ts";
import { PAGE_FIELDS } from "../form/page_fields.ts";
import { largestWords } from "../largest_words.ts";

/**
 * The way to the largest batch and length: worked out once somebody opens it, or
 * by its link where there are no scripts.
 */
export function LargestLater(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
  const own = headers ? `&${PAGE_FIELDS.countFrom}=headers` : "";
  const href = `/largest?${toQuery(estimate.scenario)}${own}`;
  return (
    <details
      class="card largest"
      id="largest"
      hx-get={href}
      hx-trigger="toggle once"
      hx-target="#largest-found"
      hx-swap="outerHTML"
    >
      <summary>The largest that fits</summary>
      <p id="largest-found" aria-live="polite">
        <a href={href}>Work out the largest batch and length</a>
      </p>
    </details>
  );
}

/** The largest batch and length that fit, each with what was tried. */
export function LargestAnswer({ found }: { found: readonly Largest[] }) {
  return (
    <div id="largest-found" aria-live="polite">
      {found.map((each) => {
        const { name, value, sentences } = largestWords(each);
        return (
          <p>
            {name}: <strong>{value}</strong>.{" "}
            <span class="hint">{sentences.join(" ")}</span>
          </p>
        );
      })}
    </div>
  );
}
