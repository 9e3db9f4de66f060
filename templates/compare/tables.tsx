import { swatch } from "../answer/swatch.ts";
import type { Column } from "./column.ts";
import { titleOf } from "./column.ts";
import type { Cell, Row } from "./rows.ts";

/** The settings in which scenarios differ. */
export function Settings(
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

/** What scenarios have side by side, a row each. */
export function Table({ title, rows, columns }: {
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
