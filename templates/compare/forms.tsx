import { MAX_COMPARED, PRESETS } from "../../lib/mod.ts";
import { letterOf, MAX_NAME } from "../form/comparison.ts";
import type { Column } from "./column.ts";

/** The forms that add a scenario and name those that there are. */
export function Forms(
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
