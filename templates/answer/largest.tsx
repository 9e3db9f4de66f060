import type { Estimate, Largest } from "../../lib/mod.ts";
import { toQuery } from "../../lib/mod.ts";
import { PAGE_FIELDS } from "../form/page_fields.ts";
import { largestWords } from "../largest_words.ts";

/**
 * The way to the largest batch and length. With scripts it is gone once a
 * moment later, so that who is still typing asks for nothing.
 */
export function LargestLater(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
  const own = headers ? `&${PAGE_FIELDS.countFrom}=headers` : "";
  const href = `/largest?${toQuery(estimate.scenario)}${own}`;
  return (
    <section
      class="card"
      id="largest"
      hx-get={href}
      hx-trigger="load delay:1s"
      hx-swap="outerHTML"
    >
      <a href={href}>Largest batch</a>
    </section>
  );
}

/** The largest batch and length that fit, each with what was tried. */
export function LargestAnswer({ found }: { found: readonly Largest[] }) {
  return (
    <section class="card" id="largest" aria-label="The largest that fits">
      {found.map((each) => {
        const { name, value, sentences } = largestWords(each);
        return (
          <p>
            {name}: <strong>{value}</strong>.{" "}
            <span class="hint">{sentences.join(" ")}</span>
          </p>
        );
      })}
    </section>
  );
}
