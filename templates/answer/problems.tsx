import type { Problem } from "../../lib/mod.ts";
import { controlId } from "../form/control.tsx";

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
          {problems.map(({ path, message }) => (
            <li data-problem={path.replace(/\.\d+$/, "")}>
              <a href={`#${controlId(path.replace(/\.\d+$/, ""))}`}>
                {message}
              </a>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
