import { Fold } from "./fold.tsx";
import type { Estimate, NearReading, NearRun } from "../../lib/mod.ts";
import {
  formatBytes,
  groupDigits,
  isOneTotal,
  nearestRuns,
  toQuery,
} from "../../lib/mod.ts";
import { counterWords, errorWords } from "../evidence_words.ts";
import { RunsHead } from "../runs_head.tsx";

/** Runs that are shown. */
const SHOWN = 3;

/** What real GPUs used in the runs most like this one. */
export function Evidence({ estimate }: { estimate: Estimate }) {
  const runs = nearestRuns(estimate, SHOWN);
  return (
    <Fold id="evidence" title="Nearest measured runs">
      <p>
        What somebody's GPU really used, the run most like this one first, and
        how far the {estimate.method} method is off there.
        {isOneTotal(estimate.memory) &&
          " It knows one total only, which is compared with every counter."}
      </p>
      <div
        class="scroll"
        tabindex={0}
        role="region"
        aria-label="Table of measured runs"
      >
        <table class="runs">
          <RunsHead />
          {runs.map((run) => <RunRows run={run} />)}
        </table>
      </div>
    </Fold>
  );
}

function RunRows({ run }: { run: NearRun }) {
  const { readings, source, gpu } = run;
  return (
    <tbody>
      {readings.map((reading, at) => (
        <tr>
          {at === 0 && (
            <th scope="rowgroup" rowspan={readings.length}>
              <a href={`/?${toQuery(run.scenario)}`}>{run.model}</a>
              {gpu !== null && ` on ${gpu}`}
              <ul class="differences">
                {run.differences.length === 0
                  ? <li>the same settings</li>
                  : run.differences.map((each) => <li>{each}</li>)}
              </ul>
            </th>
          )}
          <ReadingCells reading={reading} />
          {at === 0 && (
            <td class="source" rowspan={readings.length}>
              {source.url === null
                ? source.text
                : (
                  <a href={source.url} rel="external noreferrer">
                    {source.text}
                  </a>
                )}
              {run.confidence !== "high" &&
                ` (settings known with ${run.confidence} confidence)`}
            </td>
          )}
        </tr>
      ))}
    </tbody>
  );
}

function ReadingCells({ reading }: { reading: NearReading }) {
  const { counter, measured_bytes: bytes, error } = reading;
  return (
    <>
      <td>{counterWords(counter)}</td>
      <td class="number" title={`${groupDigits(bytes)} bytes`}>
        {formatBytes(bytes)}
      </td>
      <td class="number">{errorWords(error)}</td>
    </>
  );
}
