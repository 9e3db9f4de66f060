import type { Estimate } from "../../lib/mod.ts";
import { toQuery } from "../../lib/mod.ts";
import { Fold } from "./fold.tsx";
import { clientCode, HERE } from "./client_code.ts";
import { queryOf } from "./compare_link.tsx";

/**
 * What to do with an answer, beside the verdict. What copies is a link or leads
 * to the text where there are no scripts.
 */
export function Actions(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
  const query = queryOf(estimate, headers);
  const scenario = toQuery(estimate.scenario);
  return (
    <ul class="actions" aria-label="Take it along">
      <li>
        <a href={`/?${query}`} data-copy="">
          <Copies /> link
        </a>
      </li>
      <li>
        <a href="#use-command" data-copies="use-command">
          <Copies /> command
        </a>
      </li>
      <li>
        <a href={`/scenario?${scenario}`} data-copies="use-json">
          <Copies /> JSON
        </a>
      </li>
      <li>
        <a href={`/compare?${query}`}>Compare</a>
      </li>
      <li>
        <a href={`/export?${scenario}`}>Export</a>
      </li>
      <li>
        <a href="#use">Use via API</a>
      </li>
    </ul>
  );
}

/** Without scripts nothing copies. */
function Copies() {
  return <span class="copies">Copy</span>;
}

/** The same answer elsewhere: from programs, agents, a shell, a page's frame. */
export function Use({ estimate }: { estimate: Estimate }) {
  const query = toQuery(estimate.scenario);
  return (
    <Fold id="use" title="Use via API">
      <p>
        <a href={`/api/v1/estimate?${query}`}>This answer as JSON</a> ·{" "}
        <a href={`/scenario?${query}`}>Save the scenario</a> ·{" "}
        <a href={`/export?${query}`}>For other tools</a> ·{" "}
        <a href="/docs/http">The API</a>
      </p>
      {clientCode(estimate.scenario).map(({ id, title, text }) => (
        <div class="way">
          <h4>{title}</h4>
          <button
            type="button"
            class="second copies"
            data-copies={id}
            aria-label={`Copy: ${title}`}
          >
            Copy
          </button>
          <pre
            class="command"
            tabindex={0}
            aria-label={title}
          ><code id={id} data-here={HERE}>{text}</code></pre>
        </div>
      ))}
    </Fold>
  );
}
