import type { LiveAnswer } from "../../hub/estimate_live.ts";
import type { Estimate, Fullness } from "../../lib/mod.ts";
import {
  formatBytes,
  fullness,
  GIB,
  heldBytes,
  MAX_COMPARED,
  PRESETS,
} from "../../lib/mod.ts";
import { Bar } from "../answer/bar.tsx";
import { lookUpState } from "../answer/looking_up.tsx";
import { Notes } from "../answer/notes.tsx";
import { swatch } from "../answer/swatch.ts";
import type { Slot } from "../form/comparison.ts";
import { letterOf, MAX_NAME } from "../form/comparison.ts";
import { Layout } from "../layout.tsx";
import { STATIC } from "../../static/mod.ts";
import type { Cell, Row } from "./rows.ts";
import { resultRows, settingRows } from "./rows.ts";

/** One scenario of a comparison, and where it can be taken from here. */
export interface Column {
  slot: Slot;
  answer: LiveAnswer;
  /** The main page with the scenario, from which there is a way back. */
  change: string;
  /** The same for a copy of it; null where there is no room for one. */
  copy: string | null;
  /** The comparison without it. */
  remove: string;
}

const MARKS: Record<Fullness, string> = {
  comfortable: "✓ Fits",
  recommended: "✓ Fits",
  tight: "! Tight",
  over: "✕ Does not fit",
};

/** Scenarios side by side. */
export function ComparePage(
  { columns, problem, typed, refreshSeconds }: {
    columns: readonly Column[];
    /** What is wrong with what was to be added. */
    problem: string | null;
    /** What was to be added, as it was typed. */
    typed: string;
    refreshSeconds?: number | undefined;
  },
) {
  const estimates = columns.map(({ answer }) => estimateOf(answer));
  const answered = estimates.filter((each) => each !== null);
  return (
    <Layout
      title="Compare scenarios · Headroom"
      refreshSeconds={refreshSeconds}
      styles={STATIC.compare.address}
    >
      <main class="single compare" id="answer">
        <h1>Compare scenarios</h1>
        <p>
          Up to {MAX_COMPARED}{" "}
          side by side; the address of this page holds them all. Differences are
          from A.
        </p>
        <ul class="scenarios" aria-label="Scenarios">
          {columns.map((column, at) => <Head column={column} at={at} />)}
        </ul>
        <Forms columns={columns} problem={problem} typed={typed} />
        {answered.length > 0 && <Bars columns={columns} />}
        {answered.length > 1 && (
          <Settings rows={settingRows(estimates)} columns={columns} />
        )}
        {answered.length > 0 && (
          <Table
            title="What they need, per GPU"
            rows={resultRows(estimates)}
            columns={columns}
          />
        )}
        {columns.map((column, at) => {
          const estimate = estimateOf(column.answer);
          return estimate && (
            <Notes
              title={`Warnings of ${titleOf(column, at)}`}
              kind="warnings"
              notes={estimate.warnings}
            />
          );
        })}
      </main>
    </Layout>
  );
}

function Head({ column, at }: { column: Column; at: number }) {
  const { answer, change, copy, remove } = column;
  const title = titleOf(column, at);
  return (
    <li class="card" id={`scenario-${letterOf(at).toLowerCase()}`}>
      <h2>{title}</h2>
      <State answer={answer} />
      <p class="ways">
        <a href={change} aria-label={`Change ${title}`}>Change</a>
        {copy !== null && (
          <>
            {" · "}
            <a href={copy} aria-label={`Add a changed copy of ${title}`}>
              Add a changed copy
            </a>
          </>
        )}
        {" · "}
        <a href={remove} aria-label={`Remove ${title}`}>Remove</a>
      </p>
    </li>
  );
}

function State({ answer }: { answer: LiveAnswer }) {
  switch (answer.state) {
    case "answered": {
      const { fit, model, memory } = answer.estimate;
      const own = fit[0];
      if (!own) return null;
      const state = fullness(own.utilization);
      return (
        <>
          <p>{model.name}</p>
          <p class={`state ${state}`}>
            <strong>{MARKS[state]}</strong> on {own.gpu}:{" "}
            {formatBytes(heldBytes(memory))} of {formatBytes(own.usable_bytes)}
          </p>
        </>
      );
    }
    case "refused":
      return (
        <ul class="state over">
          {answer.problems.map(({ message }) => <li>{message}</li>)}
        </ul>
      );
    case "under way":
      return <p>{lookUpState(answer.lookUp)}</p>;
    case "possible":
      return <p>{answer.name} has not been looked up on the Hub yet</p>;
  }
}

function Bars({ columns }: { columns: readonly Column[] }) {
  const upTo = Math.max(
    ...columns.map(({ answer }) => {
      const estimate = estimateOf(answer);
      return estimate === null ? 0 : Math.max(
        estimate.memory.device_peak_bytes,
        estimate.memory.high_bytes ?? 0,
        estimate.fit[0]?.usable_bytes ?? 0,
      );
    }),
  );
  return (
    <section class="card" aria-labelledby="bars-title">
      <h2 id="bars-title">On one scale, to {(upTo / GIB).toFixed(0)} GiB</h2>
      {columns.map((column, at) => {
        const estimate = estimateOf(column.answer);
        return estimate && (
          <>
            <h3>{titleOf(column, at)}</h3>
            <Bar estimate={estimate} upTo={upTo} />
          </>
        );
      })}
    </section>
  );
}

function Settings(
  { rows, columns }: { rows: readonly Row[]; columns: readonly Column[] },
) {
  if (rows.length > 0) {
    return (
      <Table
        title="Settings that differ"
        rows={rows}
        columns={columns}
      />
    );
  }
  return (
    <section class="card" aria-labelledby="same-title">
      <h2 id="same-title">Settings that differ</h2>
      <p>None: these scenarios are the same.</p>
    </section>
  );
}

function Table({ title, rows, columns }: {
  title: string;
  rows: readonly Row[];
  columns: readonly Column[];
}) {
  const id = title.toLowerCase().replaceAll(/[^a-z]+/g, "-");
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <div
        class="scroll"
        tabindex={0}
        role="region"
        aria-label={`Table: ${title}`}
      >
        <table class="side-by-side">
          <thead>
            <tr>
              <th scope="col">
                <span class="unseen">What</span>
              </th>
              {columns.map((column, at) => (
                <th scope="col">{titleOf(column, at)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr class={row.total ? "subtotal" : undefined}>
                <th scope="row">
                  {row.part !== undefined && (
                    <span
                      class={`swatch ${swatch(row.part)}`}
                      aria-hidden="true"
                    />
                  )}
                  {row.label}
                  {row.path !== undefined && row.path !== row.label && (
                    <code>{row.path}</code>
                  )}
                </th>
                {row.cells.map((cell) => <CellView cell={cell} row={row} />)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function CellView({ cell, row }: { cell: Cell | null; row: Row }) {
  if (cell === null) return <td>no answer</td>;
  const { text, difference } = cell;
  if (row.path !== undefined) {
    return (
      <td>
        {difference === "" ? text : <mark>{text}</mark>}
      </td>
    );
  }
  return (
    <td>
      {text}
      {difference !== "" && <span class="change">{difference}</span>}
    </td>
  );
}

function Forms(
  { columns, problem, typed }: {
    columns: readonly Column[];
    problem: string | null;
    typed: string;
  },
) {
  const hidden = columns.map(({ slot }, at) => (
    <input type="hidden" name={`s${at + 1}`} value={slot.query} />
  ));
  const first = columns[0];
  return (
    <div class="forms">
      {columns.length < MAX_COMPARED && (
        <form
          class="card"
          action="/compare"
          method="get"
          aria-label="Add a scenario"
        >
          {hidden}
          {columns.map(({ slot }, at) =>
            slot.name === ""
              ? null
              : <input type="hidden" name={`n${at + 1}`} value={slot.name} />
          )}
          <div class="field">
            <label for="add">Add a scenario</label>
            <input
              type="text"
              id="add"
              name="add"
              value={typed}
              list="examples"
              spellcheck={false}
              autocapitalize="off"
              aria-describedby={`add-hint${
                problem === null ? "" : " add-error"
              }`}
              aria-invalid={problem === null ? undefined : "true"}
            />
            <p class="hint" id="add-hint">
              {first
                ? "A link to a scenario, an example, or a model: that one with the settings of A"
                : "A link to a scenario, an example, or a model's name"}
            </p>
            {problem !== null && <p class="error" id="add-error">{problem}</p>}
          </div>
          <datalist id="examples">
            {PRESETS.map(({ id, title, about }) => (
              <option value={id}>{title}, {about}</option>
            ))}
          </datalist>
          <button type="submit">Add</button>
        </form>
      )}
      {columns.length > 0 && (
        <form
          class="card"
          action="/compare"
          method="get"
          aria-label="Names of the scenarios"
        >
          {hidden}
          <div class="names">
            {columns.map(({ slot }, at) => (
              <div class="field">
                <label for={`name-${at + 1}`}>Name of {letterOf(at)}</label>
                <input
                  type="text"
                  id={`name-${at + 1}`}
                  name={`n${at + 1}`}
                  value={slot.name}
                  maxlength={MAX_NAME}
                />
              </div>
            ))}
          </div>
          <button type="submit" class="second">Name them</button>
        </form>
      )}
    </div>
  );
}

function titleOf({ slot }: Column, at: number): string {
  return slot.name === "" ? letterOf(at) : `${letterOf(at)} · ${slot.name}`;
}

function estimateOf(answer: LiveAnswer): Estimate | null {
  return answer.state === "answered" ? answer.estimate : null;
}
