import type { Estimate, Fullness } from "../../lib/mod.ts";
import { formatBytes, fullness, heldBytes, isOneTotal } from "../../lib/mod.ts";
import { servingVerdict } from "../serving/serving_words.ts";
import { filledWords, pagedWords, pagesIncluded } from "../paged_words.ts";

/** What each fullness is called. */
export const WORDS: Record<Fullness, { mark: string; title: string }> = {
  comfortable: { mark: "✓", title: "Fits" },
  recommended: { mark: "✓", title: "Fits" },
  tight: { mark: "!", title: "Tight" },
  over: { mark: "✕", title: "Does not fit" },
};

/** The verdict in a sentence, which screen readers hear when it changes. */
export function Verdict({ estimate }: { estimate: Estimate }) {
  const own = estimate.fit[0];
  if (!own) return null;
  if (estimate.serve) return <ServedVerdict estimate={estimate} />;
  const { gpus } = estimate.scenario.parallel;
  const state = fullness(own.utilization);
  const { mark, title } = WORDS[state];
  const { low_bytes: low, high_bytes: high } = estimate.memory;
  // Pages give way, so that they are no part of what has to fit.
  const held = formatBytes(heldBytes(estimate.memory));
  const paged = pagedWords(estimate);
  const filled = filledWords(estimate);
  return (
    <>
      <section class={`verdict ${state}`} aria-labelledby="verdict-title">
        <span class="mark" aria-hidden="true">{mark}</span>
        <div>
          <h2 id="verdict-title">
            {title} on {gpus === 1 ? own.gpu : `${gpus} × ${own.gpu}`}:{" "}
            <strong>{held}</strong> of {formatBytes(own.usable_bytes)}
            {gpus === 1 ? "" : " per GPU"}
          </h2>
          <p>
            {sentence(state, own.headroom_bytes, own.utilization)}
            {paged !== null && ` ${paged}.`}
            {!isOneTotal(estimate.memory) && (
              <>
                {" "}
                What binds: {estimate.memory.binding}.
              </>
            )}
          </p>
          {filled !== null && <p class="doubt">{filled}.</p>}
          {filled === null && low !== null && high !== null && (
            <p class="doubt">
              {isOneTotal(estimate.memory) ? "A coarse method: nine" : "Nine"}
              {" "}
              measured runs in ten put it{pagesIncluded(estimate)} between{" "}
              {formatBytes(low)} and {formatBytes(high)}.
            </p>
          )}
        </div>
      </section>
      <a
        class={`peek ${state}`}
        href="#answer"
        aria-hidden="true"
        tabindex={-1}
      >
        <span>{mark} {title}</span> <strong>{held}</strong>
      </a>
    </>
  );
}

/** How a model is served, in a sentence. */
function ServedVerdict({ estimate }: { estimate: Estimate }) {
  const found = servingVerdict(estimate);
  if (found === null) return null;
  const { state, title, short, sentences } = found;
  const { mark } = WORDS[state];
  return (
    <>
      <section class={`verdict ${state}`} aria-labelledby="verdict-title">
        <span class="mark" aria-hidden="true">{mark}</span>
        <div>
          <h2 id="verdict-title">{title}</h2>
          {sentences.length > 0 && <p>{sentences.join(" ")}</p>}
        </div>
      </section>
      <a
        class={`peek ${state}`}
        href="#answer"
        aria-hidden="true"
        tabindex={-1}
      >
        <span>{mark} {short}</span>
      </a>
    </>
  );
}

function sentence(
  state: Fullness,
  headroom: number,
  utilization: number,
): string {
  const percent = `${(100 * utilization).toFixed(0)} %`;
  const spare = formatBytes(Math.abs(headroom));
  switch (state) {
    case "comfortable":
      return `${spare} to spare per GPU (${percent} used), within the 75–80 % that leaves room for spikes.`;
    case "recommended":
      return `${spare} to spare per GPU (${percent} used), at the edge of the 75–80 % that leaves room for spikes.`;
    case "tight":
      return `Only ${spare} to spare per GPU: ${percent} used, where 75–80 % is the most to plan with.`;
    case "over":
      return `${spare} too much per GPU: ${percent} of what it has.`;
  }
}
