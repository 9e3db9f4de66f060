import type {
  MeasuredPoint,
  PointChoices,
  PointFilter,
} from "../../lib/evidence/measured_points.ts";
import { quantile } from "../../lib/evidence/quantile.ts";
import { sourceUrl } from "../../lib/evidence/source_url.ts";
import { formatBytes, parseScenario, toQuery } from "../../lib/mod.ts";
import { counterWords, errorWords } from "../evidence_words.ts";
import { STATIC } from "../../static/mod.ts";
import { Layout } from "../layout.tsx";
import { PointsPlot } from "./points_plot.tsx";
import { RunsHead } from "../runs_head.tsx";

/** Rows of the list; the picture has all. */
const LISTED = 50;

/** Every measured figure against what a method predicts. */
export function MeasuredPage(
  { points, filter, choices, methods, problems }: {
    points: readonly MeasuredPoint[];
    filter: PointFilter;
    choices: PointChoices;
    methods: readonly string[];
    /** What is wrong with the address. */
    problems: readonly string[];
  },
) {
  const summary = summaryOf(points, filter.method);
  return (
    <Layout
      title="Measured against predicted · Headroom"
      styles={STATIC.docs.address}
    >
      <main class="single" id="answer">
        <h1>Measured against predicted</h1>
        <p>
          Each mark is a figure that somebody's GPU really used, and what
          Headroom predicts for the same settings.{" "}
          <a href="/docs/accuracy">The scores of all methods</a>
        </p>
        {problems.length > 0 && (
          <div class="error" role="alert">
            {problems.map((problem) => <p>{problem}</p>)}
          </div>
        )}
        <form
          class="card filter"
          action="/accuracy"
          method="get"
          aria-label="Which figures"
          hx-get="/accuracy"
          hx-trigger="change"
          hx-target="#measured"
          hx-select="#measured"
          hx-swap="outerHTML"
          hx-push-url="true"
          hx-sync="this:replace"
        >
          <Choice
            name="method"
            label="Method"
            value={filter.method}
            options={methods.map((name) => [name, name])}
          />
          <Choice
            name="counter"
            label="Counter"
            value={filter.counter ?? ""}
            options={[
              ["", "all"],
              ...choices.counters.map((name): [string, string] => [
                name,
                counterWords(name),
              ]),
            ]}
          />
          <Choice
            name="task"
            label="Task"
            value={filter.task ?? ""}
            options={[["", "all"], ["train", "train"], ["serve", "serve"]]}
          />
          <Choice
            name="type"
            label="Kind of model"
            value={filter.type ?? ""}
            options={[["", "all"], ...same(choices.types)]}
          />
          <Choice
            name="confidence"
            label="Settings known"
            value={filter.confidence ?? ""}
            options={[["", "all"], ...same(choices.confidences)]}
          />
          <button type="submit">Show</button>
        </form>
        <section class="card" id="measured" aria-label="Figures">
          <p>
            <strong>{summary}</strong>
          </p>
          {points.length > 0 && (
            <>
              <PointsPlot points={points} title={summary} />
              <Listed points={points} />
            </>
          )}
        </section>
      </main>
    </Layout>
  );
}

function same(names: readonly string[]): [string, string][] {
  return names.map((name) => [name, name]);
}

function summaryOf(points: readonly MeasuredPoint[], method: string): string {
  if (points.length === 0) {
    return `${method} predicts no measured figure of that kind.`;
  }
  const errors = points.map(({ error }) => Math.abs(error));
  const percent = (share: number) =>
    `${(100 * quantile(errors, share)).toFixed(1)} %`;
  return `${points.length} ${
    points.length === 1 ? "figure" : "figures"
  } by ${method}: half are within ${percent(0.5)}, 95 of 100 within ${
    percent(0.95)
  }.`;
}

function Choice(
  { name, label, value, options }: {
    name: string;
    label: string;
    value: string;
    options: readonly (readonly [value: string, words: string])[];
  },
) {
  return (
    <div class="field">
      <label for={`f-${name}`}>{label}</label>
      <select id={`f-${name}`} name={name}>
        {options.map(([each, words]) => (
          <option value={each} selected={each === value}>{words}</option>
        ))}
      </select>
    </div>
  );
}

function Listed({ points }: { points: readonly MeasuredPoint[] }) {
  const shown = points.slice(0, LISTED);
  const caption = points.length > LISTED
    ? `The ${LISTED} that are furthest off`
    : "All of them, the furthest off first";
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={caption}>
      <table class="runs">
        <caption>{caption}</caption>
        <RunsHead />
        <tbody>
          {shown.map((point) => <PointRow point={point} />)}
        </tbody>
      </table>
    </div>
  );
}

function PointRow({ point }: { point: MeasuredPoint }) {
  const { run, counter, measured_bytes, error } = point;
  const parsed = parseScenario(run.scenario);
  const url = sourceUrl(run.source);
  return (
    <tr>
      <th scope="row">
        {parsed.ok
          ? <a href={`/?${toQuery(parsed.value)}`}>{run.model.name}</a>
          : run.model.name}
        {run.gpu !== null && ` on ${run.gpu}`}
      </th>
      <td>{counterWords(counter)}</td>
      <td class="number">{formatBytes(measured_bytes)}</td>
      <td class="number">{errorWords(error)}</td>
      <td class="source">
        {url === null
          ? run.source
          : <a href={url} rel="external noreferrer">{run.source}</a>}
        {run.confidence !== "high" &&
          ` (settings known with ${run.confidence} confidence)`}
      </td>
    </tr>
  );
}
