import type { BesideLog } from "../../lib/mod.ts";
import { besideLogCells } from "../beside_log_words.ts";

/** A log's figures beside the estimate's, a row each. */
export function BesideLogTable({ rows }: { rows: readonly BesideLog[] }) {
  return (
    <section aria-labelledby="beside-log-title">
      <h3 id="beside-log-title">Beside the log</h3>
      <div
        class="scroll"
        role="region"
        aria-label="Beside the log"
        tabindex={0}
      >
        <table>
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col" class="number">Logged</th>
              <th scope="col" class="number">Estimated</th>
              <th scope="col" class="number">Off</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const { name, logged, estimated, off } = besideLogCells(row);
              return (
                <tr>
                  <th scope="row">{name}</th>
                  <td class="number">{logged}</td>
                  <td class="number">{estimated}</td>
                  <td class="number">{off}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <details>
        <summary>Lines of the log</summary>
        <ul>
          {rows.map(({ line }) => (
            <li>
              <code>{line}</code>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
