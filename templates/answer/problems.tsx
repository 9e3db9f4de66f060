import type { Problem } from "../../lib/mod.ts";
import { controlId } from "../form/control.tsx";
import { labelOf } from "../form/tabs.ts";

/** What is wrong with a scenario, each with a link to its field. */
export function Problems({ problems }: { problems: readonly Problem[] }) {
  return (
    <section
      class="verdict invalid"
      role="alert"
      aria-labelledby="problems-title"
    >
      <span class="mark" aria-hidden="true">?</span>
      <div>
        <h2 id="problems-title">
          {problems.length === 1
            ? "One setting cannot be used"
            : `${problems.length} settings cannot be used`}
        </h2>
        <ul>
          {problems.map(({ path, message }) => {
            // A list is one control.
            const field = path.replace(/\.\d+$/, "");
            return (
              <li data-problem={field}>
                <a href={`#${controlId(field)}`}>{labelOf(field)}</a>: {message}
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}
