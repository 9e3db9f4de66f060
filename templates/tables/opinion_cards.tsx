import { formatBytes, groupDigits, toQuery } from "../../lib/mod.ts";
import type { UseOpinion } from "../../lib/ask/tables/opinions.ts";
import { opinionType, USES } from "../../lib/ask/tables/opinions.ts";
import { leastClass } from "../../lib/ask/tables/strategies.ts";
import { Fold } from "../answer/fold.tsx";
import { Scrolled } from "./scrolled.tsx";
import type { TablesAnswer } from "./words.ts";
import { classWords, USE_NAMES } from "./words.ts";

/** What each use needs, played through: the figures to go by. */
export function Played({ answer }: { answer: TablesAnswer }) {
  const { tables, settings, opinions, scenarios } = answer;
  const played = opinions.find(({ method }) => method === "timeline");
  if (!played) return null;
  return (
    <section class="card" aria-labelledby="played-title">
      <h2 id="played-title">What {tables.model} needs</h2>
      <p>
        Played through step by step, on one GPU: {opinionType(settings)}, batch
        {" "}
        {settings.batch_size}, {groupDigits(settings.sequence_length)}{" "}
        tokens, training with AdamW, LoRA rank {settings.lora_rank}.
      </p>
      <Scrolled label="Table of played figures">
        <thead>
          <tr>
            <th scope="col">Use</th>
            <th scope="col" class="number">Peak</th>
            <th scope="col">Least GPU</th>
          </tr>
        </thead>
        <tbody>
          {USES.map((use) => {
            const { bytes, reason } = played[use];
            const scenario = scenarios[use];
            return (
              <tr>
                <th scope="row">
                  {scenario === undefined ? USE_NAMES[use] : (
                    <a
                      href={`/?${toQuery({ ...scenario, method: "timeline" })}`}
                    >
                      {USE_NAMES[use]}
                    </a>
                  )}
                </th>
                <OpinionCell opinion={played[use]} />
                <td>
                  {bytes === null ? reason : classWords(leastClass(bytes))}
                </td>
              </tr>
            );
          })}
        </tbody>
      </Scrolled>
    </section>
  );
}

/** What every method says of the same uses, with a way to its whole answer. */
export function OpinionCard({ answer }: { answer: TablesAnswer }) {
  const { opinions, settings, scenarios } = answer;
  const reasons = opinions.flatMap((row) =>
    USES.filter((use) => row[use].reason !== null).map((use) =>
      `${row.method}, ${USE_NAMES[use]}: ${row[use].reason}`
    )
  );
  return (
    <Fold id="second" title="Every method on the same uses">
      <p>
        {opinionType(settings)}, batch {settings.batch_size},{" "}
        {groupDigits(settings.sequence_length)}{" "}
        tokens, training with AdamW, LoRA rank {settings.lora_rank}.
      </p>
      <Scrolled label="Table of methods">
        <thead>
          <tr>
            <th scope="col">Method</th>
            {USES.map((use) => {
              const scenario = scenarios[use];
              return (
                <th scope="col" class="number">
                  {scenario === undefined ? USE_NAMES[use] : (
                    <a
                      href={`/?${toQuery({ ...scenario, method: "timeline" })}`}
                    >
                      {USE_NAMES[use]}
                    </a>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {opinions.map((row) => (
            <tr>
              <th scope="row">{row.method}</th>
              {USES.map((use) => <OpinionCell opinion={row[use]} />)}
            </tr>
          ))}
        </tbody>
      </Scrolled>
      {reasons.length > 0 && (
        <details>
          <summary>Why some do not answer</summary>
          <ul>{reasons.map((reason) => <li>{reason}</li>)}</ul>
        </details>
      )}
    </Fold>
  );
}

function OpinionCell({ opinion: { bytes } }: { opinion: UseOpinion }) {
  return bytes === null
    ? <td class="number">–</td>
    : (
      <td class="number" title={`${groupDigits(bytes)} bytes`}>
        {formatBytes(bytes)}
      </td>
    );
}
