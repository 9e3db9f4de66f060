import type { Estimate, Fullness } from "../../lib/mod.ts";
import { formatBytes, fullness, heldBytes, isOneTotal } from "../../lib/mod.ts";
import { Actions } from "./use.tsx";
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
export function Verdict(
  { estimate, headers }: {
    estimate: Estimate;
    /** Whether it was asked to count from the checkpoint's headers. */
    headers: boolean;
  },
) {
  const own = estimate.fit[0];
  if (!own) return null;
  if (estimate.serve) {
    return <ServedVerdict estimate={estimate} headers={headers} />;
  }
  const { gpus } = estimate.scenario.parallel;
  const state = fullness(own.utilization);
  const { mark, title } = WORDS[state];
  const { low_bytes: low, high_bytes: high } = estimate.memory;
  // Pages give way, so that they are no part of what has to fit.
  const held = formatBytes(heldBytes(estimate.memory));
  const used = `${(100 * own.utilization).toFixed(0)} %`;
  const paged = pagedWords(estimate);
  const filled = filledWords(estimate);
  return (
    <>
      <section class={`verdict ${state}`} aria-labelledby="verdict-title">
        <span class="mark" aria-hidden="true">{mark}</span>
        <div>
          <h2 id="verdict-title">
            {title} on {placeWords(own.gpu, gpus)}
            {state === "over" ? ": " : ", "}
            <strong>{roomWords(own.headroom_bytes, gpus)}</strong>
          </h2>
          <p>
            <strong>{held}</strong> of {formatBytes(own.usable_bytes)}
            {gpus === 1 ? "" : " per GPU"}: {used} {USED[state]}.
            {paged !== null && ` ${paged}.`}
            {!isOneTotal(estimate.memory) && (
              <>
                {" "}
                What decides the peak: {estimate.memory.binding}.
              </>
            )}
          </p>
          {filled !== null && <p class="doubt">{filled}.</p>}
          {filled === null && low !== null && high !== null && (
            <p class="doubt">
              {isOneTotal(estimate.memory) ? "A coarse method: nine" : "Nine"}
              {" "}
              measured runs in ten put it{pagesIncluded(estimate)} between{" "}
              {formatBytes(low)} and {formatBytes(high)}.{" "}
              <a
                class="why"
                href="/docs/numbers#the-band"
                aria-label="About the band"
              >
                ?
              </a>
            </p>
          )}
          <Actions estimate={estimate} headers={headers} />
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
function ServedVerdict(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
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
          <Actions estimate={estimate} headers={headers} />
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

/** What a share of the memory means, by the rule that leaves room for spikes. */
const USED: Record<Fullness, string> = {
  comfortable: "used, within the 75–80 % that leaves room for spikes",
  recommended: "used, at the edge of the 75–80 % that leaves room for spikes",
  tight: "used, where 75–80 % is the most to plan with",
  over: "of what it has",
};

/** "one RTX 4090", "8 × A100-80GB". */
function placeWords(gpu: string, gpus: number): string {
  return gpus === 1 ? `one ${gpu}` : `${gpus} × ${gpu}`;
}

/** "6.95 GiB to spare", "7.60 GiB too much on each". */
function roomWords(headroom: number, gpus: number): string {
  return `${formatBytes(Math.abs(headroom))} ${
    headroom < 0 ? "too much" : "to spare"
  }${gpus === 1 ? "" : " on each"}`;
}
