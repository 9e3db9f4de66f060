import type {
  AdvisedSet,
  GpuLayout,
  GpuLayouts,
  Scenario,
} from "../../lib/mod.ts";
import { formatBytes, groupDigits, toQuery } from "../../lib/mod.ts";
import { changedQuery } from "../changed_query.ts";
import { GpuSelect } from "../form/gpu_select.tsx";
import { PAGE_FIELDS } from "../form/page_fields.ts";
import {
  layoutsSummary,
  layoutWords,
  needWords,
  onWords,
} from "./layout_words.ts";

/** A scenario's layouts, or some of them, as the page shows them. */
export interface ShownLayouts {
  scenario: Scenario;
  gpus: number;
  layouts: GpuLayouts;
  /** How many were tried before these. */
  from: number;
  /** Whether the model is counted from its checkpoint's headers. */
  headers: boolean;
}

/** Where the page's own choices stand in its address. */
export const STRATEGY_FIELDS = { gpus: "gpus", from: "from" } as const;

/** How many GPUs of which kind: a form that works without JavaScript. */
export function StrategiesForm(
  { scenario, gpus, headers }: Omit<ShownLayouts, "layouts" | "from">,
) {
  const query = new URLSearchParams(queryOf(scenario, headers));
  const { gpu } = scenario.hardware;
  const isNamed = typeof gpu === "string";
  if (isNamed) query.delete("hardware.gpu");
  query.delete("parallel.gpus");
  return (
    <form
      class="card"
      action="/strategies"
      method="get"
      aria-label="Which GPUs"
    >
      {[...query].map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <div class="controls">
        <div class="field">
          <label for="s-gpus">GPUs</label>
          <input
            type="text"
            inputmode="numeric"
            id="s-gpus"
            name={STRATEGY_FIELDS.gpus}
            value={`${gpus}`}
          />
        </div>
        {isNamed && (
          <div class="field">
            <label for="s-gpu">Each of them</label>
            <GpuSelect
              common={{ id: "s-gpu", name: "hardware.gpu" }}
              chosen={gpu}
            />
          </div>
        )}
      </div>
      <button type="submit">Show the ways</button>
    </form>
  );
}

/** The verdict, the simplest way and the leanest, and a table of all. */
export function StrategiesAnswer(shown: ShownLayouts) {
  const { scenario, gpus, layouts } = shown;
  const { verdict, fits, simplest, leanest } = layoutsSummary(
    scenario,
    gpus,
    layouts,
  );
  return (
    <>
      <section
        class={`verdict ${fits ? "comfortable" : "over"}`}
        aria-labelledby="ways-verdict"
      >
        <div>
          <h2 id="ways-verdict">{verdict}</h2>
          <Told
            shown={shown}
            title="The simplest that fits"
            layout={simplest}
          />
          <Told shown={shown} title="The least memory" layout={leanest} />
        </div>
      </section>
      <LayoutsPiece {...shown} />
    </>
  );
}

/** A table of layouts, and the way to those that have not been tried. */
export function LayoutsPiece(shown: ShownLayouts) {
  const { scenario, gpus, layouts, from } = shown;
  const played = layouts.rows.filter(({ peak_bytes }) => peak_bytes !== null);
  const refused = layouts.rows.filter(({ peak_bytes }) => peak_bytes === null);
  const title = from === 0
    ? `Ways on ${onWords(scenario, gpus)}, the least memory first`
    : `More ways, from the ${groupDigits(from + 1)}th that was tried`;
  return (
    <>
      {played.length > 0 && (
        <section
          class="card"
          aria-label={`Ways that were played, from the ${from + 1}. on`}
        >
          <LayoutsTable {...shown} layouts={played} title={title} />
        </section>
      )}
      {refused.length > 0 && (
        <section class="card" aria-label="What cannot be">
          <h2>What cannot be, and why</h2>
          <ul class="notes">
            {refused.map((layout) => (
              <li>
                <strong>{layoutWords(scenario, layout)}</strong>:{" "}
                {layout.reason}
              </li>
            ))}
          </ul>
        </section>
      )}
      <More {...shown} />
    </>
  );
}

function Told(
  { shown, title, layout }: {
    shown: ShownLayouts;
    title: string;
    layout: GpuLayout | null;
  },
) {
  if (layout === null) return null;
  const { scenario } = shown;
  return (
    <p>
      {title}:{" "}
      <a href={addressOf(shown, layout)}>
        {layoutWords(scenario, layout)}
      </a>, {needWords(layout)} per GPU.
    </p>
  );
}

function LayoutsTable(
  { title, layouts, ...shown }: Omit<ShownLayouts, "layouts"> & {
    title: string;
    layouts: readonly GpuLayout[];
  },
) {
  const { scenario } = shown;
  const isServing = scenario.task === "serve";
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={title}>
      <table class="flows">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">How (a link sets it)</th>
            <th scope="col" class="number">
              Per GPU
            </th>
            <th scope="col">Fits</th>
            {isServing && (
              <th scope="col" class="number">Tokens in all caches</th>
            )}
            <th scope="col">Smallest GPU</th>
          </tr>
        </thead>
        <tbody>
          {layouts.map((layout) => (
            <tr>
              <th scope="row">
                <a href={addressOf(shown, layout)}>
                  {layoutWords(scenario, layout)}
                </a>
              </th>
              <td
                class="number"
                title={`${groupDigits(layout.peak_bytes ?? 0)} bytes`}
              >
                {formatBytes(layout.peak_bytes ?? 0)}
              </td>
              <td>{layout.fits ? "yes" : "no"}</td>
              {isServing && (
                <td class="number">
                  {typeof layout.kv_tokens === "number"
                    ? groupDigits(layout.kv_tokens)
                    : "as asked"}
                </td>
              )}
              <td>{unbroken(layout.smallest_gpu ?? "none")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What has not been tried: it follows by itself, or by a link. */
function More({ scenario, gpus, layouts, headers }: ShownLayouts) {
  const { next, left_out } = layouts;
  if (next === null) return null;
  const query = new URLSearchParams(queryOf(scenario, headers));
  query.set(STRATEGY_FIELDS.gpus, `${gpus}`);
  query.set(STRATEGY_FIELDS.from, `${next}`);
  const href = `/strategies?${query}`;
  return (
    <section
      class="card looking-up"
      aria-label="More ways"
      hx-get={href}
      hx-trigger="load delay:50ms"
      hx-swap="outerHTML"
    >
      <p id={`ways-${next}`}>
        {groupDigits(next)} of {groupDigits(next + left_out)} ways tried …
      </p>
      <progress
        aria-labelledby={`ways-${next}`}
        value={next}
        max={next + left_out}
      />
      <p class="hint">
        The rest follows by itself. <a href={href}>Try the next</a>
      </p>
    </section>
  );
}

/** A name that stands on one line: rows of many lines are hard to read. */
function unbroken(name: string): string {
  return name.replaceAll(" ", "\u00a0");
}

/** The main page's address of a layout. */
function addressOf(
  { scenario, headers }: Pick<ShownLayouts, "scenario" | "headers">,
  { set }: GpuLayout,
): string {
  return `/?${changedQuery(scenario, set as AdvisedSet)}${ownOf(headers)}`;
}

function queryOf(scenario: Scenario, headers: boolean): string {
  return `${toQuery(scenario)}${ownOf(headers)}`;
}

function ownOf(headers: boolean): string {
  return headers ? `&${PAGE_FIELDS.countFrom}=headers` : "";
}
