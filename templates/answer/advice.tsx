import type { Advice, Estimate, Scenario } from "../../lib/mod.ts";
import { formatBytes, toQuery, wantsAdvice } from "../../lib/mod.ts";
import { changeWords, hardwareWords, togetherWords } from "../advice_words.ts";
import { changedQuery } from "../changed_query.ts";
import { PAGE_FIELDS } from "../form/page_fields.ts";

/**
 * The way to what would make a scenario fit, where it does not or hardly: it follows
 * the answer by itself, or by its link where there are no scripts.
 */
export function AdviceLater(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
  if (!wantsAdvice(estimate)) return null;
  const href = `/advice?${toQuery(estimate.scenario)}${counted(headers)}`;
  return (
    <section
      class="card advice"
      id="advice"
      aria-labelledby="advice-title"
      hx-get={href}
      hx-trigger="load delay:300ms"
      hx-swap="outerHTML"
    >
      <h3 id="advice-title">What would help</h3>
      <p>
        <a href={href}>Work out what to change</a>
      </p>
      <progress class="waits" aria-label="Working out what to change" />
      <ErrorLink scenario={estimate.scenario} />
    </section>
  );
}

/** What would make a scenario fit, each change a link that applies it. */
export function AdviceAnswer(
  { advice, scenario, headers, alone }: {
    advice: Advice;
    scenario: Scenario;
    /** Whether it was asked to count from the checkpoint's headers. */
    headers: boolean;
    /** Whether it stands on a page of its own, not under a verdict. */
    alone: boolean;
  },
) {
  const Title = alone ? "h2" : "h3";
  const { changes, together, now } = advice;
  const address = (set: (typeof changes)[number]["set"]): string =>
    `/?${changedQuery(scenario, set)}${counted(headers)}`;
  return (
    <section class="card advice" id="advice" aria-labelledby="advice-title">
      <Title id="advice-title">What would help</Title>
      {now.fits && changes.length === 0 && (
        <p>Nothing has to change: it fits.</p>
      )}
      {together && (
        <p>
          The cheapest that is enough:{" "}
          <a href={address(together.set)}>
            {togetherWords(advice, together.set)}
          </a>. <strong>Fits: {formatBytes(together.peak_bytes)}.</strong>
        </p>
      )}
      {!now.fits && !together && (
        <p>No changes that were tried are enough together.</p>
      )}
      {changes.length > 0 && (
        <details open data-folds="">
          <summary>One change at a time</summary>
          <ul>
            {changes.map((change) => {
              const { words, effect, price } = changeWords(change);
              return (
                <li>
                  <a href={address(change.set)}>{words}</a>.{" "}
                  {change.fits ? <strong>{effect}.</strong> : `${effect}.`}{" "}
                  <span class="hint">{price}.</span>
                </li>
              );
            })}
          </ul>
        </details>
      )}
      <p class="hint">
        {hardwareWords(advice, scenario.parallel).join(" ")}
      </p>
      {!alone && <ErrorLink scenario={scenario} />}
    </section>
  );
}

/** The way to what an error of this very run says. */
function ErrorLink({ scenario }: { scenario: Scenario }) {
  return (
    <p class="hint">
      Did it run out of memory?{" "}
      <a href={`/explain?${toQuery(scenario)}`}>Explain the error</a>.
    </p>
  );
}

function counted(headers: boolean): string {
  return headers ? `&${PAGE_FIELDS.countFrom}=headers` : "";
}
