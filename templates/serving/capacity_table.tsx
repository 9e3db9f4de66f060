import type { Capacity } from "../../lib/mod.ts";
import { groupDigits } from "../../lib/mod.ts";
import { tokensText } from "./capacity_words.ts";

/** Contexts against users: what fits at once. */
export function CapacityTable({ capacity }: { capacity: Capacity }) {
  const { contexts, users } = capacity;
  return (
    <div
      class="scroll"
      tabindex={0}
      role="region"
      aria-label="Table of contexts and users"
    >
      <table class="capacity">
        <caption>Users at once, each with so many tokens</caption>
        <thead>
          <tr>
            <th scope="col">Users</th>
            {contexts.map(({ tokens }) => (
              <th
                scope="col"
                class="number"
                title={`${groupDigits(tokens)} tokens`}
              >
                {tokensText(tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {users.map((count) => (
            <tr>
              <th scope="row">{groupDigits(count)}</th>
              {contexts.map(({ sequences }) =>
                sequences >= count
                  ? (
                    <td class="number holds">
                      <span aria-hidden="true">✓</span>
                      <span class="unseen">fits</span>
                    </td>
                  )
                  : (
                    <td class="number">
                      <span aria-hidden="true">·</span>
                      <span class="unseen">does not fit</span>
                    </td>
                  )
              )}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">At most</th>
            {contexts.map(({ sequences }) => (
              <td class="number">{groupDigits(sequences)}</td>
            ))}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
