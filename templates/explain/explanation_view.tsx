import type { Explanation } from "../../lib/mod.ts";
import { AdviceAnswer } from "../answer/advice.tsx";
import { adviceOf, figureRows, filledText } from "./explanation_words.ts";

/** Why memory ran short, and what would have helped. */
export function ExplanationView(
  { explanation, query }: {
    explanation: Explanation;
    /** The query of the scenario that it became; null of none. */
    query: string | null;
  },
) {
  const { tool, message, words, causes, steps, filled } = explanation;
  const advice = adviceOf(explanation);
  return (
    <>
      <section class="card" aria-labelledby="explained-title">
        <h2 id="explained-title">Why memory ran short</h2>
        {words.split("\n").map((line, at) =>
          at === 0
            ? (
              <p>
                <strong data-said="">{line}</strong>
              </p>
            )
            : <p>{line}</p>
        )}
        {areOfSizes(causes) && (
          <>
            <h3>What has these sizes</h3>
            <ul>
              {causes.map((cause) => <li>{cause.words}</li>)}
            </ul>
          </>
        )}
        {steps.length > 0 && (
          <>
            <h3>What to do next</h3>
            <ul>
              {steps.map((step) => <li>{step}</li>)}
            </ul>
          </>
        )}
        {query !== null && (
          <p>
            <a href={`/?${query}`}>Open the run in the form</a>, as it was
            understood.
          </p>
        )}
      </section>
      {advice && explanation.scenario && (
        <AdviceAnswer
          advice={advice}
          scenario={explanation.scenario}
          headers={false}
          alone
        />
      )}
      <Figures explanation={explanation} />
      <details class="card">
        <summary>What was read</summary>
        <p>
          {tool}: <code>{message}</code>
        </p>
        {filled.length > 0 && (
          <ul>
            {filled.map((field) => (
              <li>
                <code>{field.path}</code>: {filledText(field)}{" "}
                <span class="hint">({field.from})</span>
              </li>
            ))}
          </ul>
        )}
      </details>
    </>
  );
}

/** Whether there are tensors of more than one size to list. */
function areOfSizes(causes: Explanation["causes"]): boolean {
  return causes.some(({ bytes }) => bytes !== causes[0]?.bytes);
}

/** The figures of the text, a row each. */
function Figures({ explanation }: { explanation: Explanation }) {
  const rows = figureRows(explanation.read);
  if (rows.length === 0) return null;
  return (
    <details class="card">
      <summary>In figures</summary>
      <table>
        <tbody>
          {rows.map(({ name, value }) => (
            <tr>
              <th scope="row">{name}</th>
              <td class="number">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
