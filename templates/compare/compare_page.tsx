import { fitState } from "../fit_state.ts";
import type { LiveAnswer } from "../../hub/estimate_live.ts";
import type { Fullness } from "../../lib/mod.ts";
import { formatBytes, GIB, heldBytes, MAX_COMPARED } from "../../lib/mod.ts";
import { Bar } from "../answer/bar.tsx";
import { lookUpState } from "../answer/looking_up.tsx";
import { Notes } from "../answer/notes.tsx";
import { letterOf } from "../form/comparison.ts";
import { Layout } from "../layout.tsx";
import { STATIC } from "../../static/mod.ts";
import type { Column } from "./column.ts";
import { estimateOf, titleOf } from "./column.ts";
import { Forms } from "./forms.tsx";
import { resultRows, settingRows } from "./rows.ts";
import { Settings, Table } from "./tables.tsx";

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
      scenario={columns[0]?.slot.query}
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
      const state = fitState(answer.estimate, own);
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
