import type { Estimate } from "../../lib/mod.ts";
import { toCommand, toQuery } from "../../lib/mod.ts";
import { CompareLink } from "./compare_link.tsx";

/** The same answer elsewhere: by link, on the command line, as JSON. */
export function Reuse(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
  const query = toQuery(estimate.scenario);
  return (
    <section class="card" aria-labelledby="reuse-title">
      <h3 id="reuse-title">Take it along</h3>
      <p>
        <a href={`/?${query}`}>Link to this scenario</a> ·{" "}
        <a href={`/api/v1/estimate?${query}`}>This answer as JSON</a> ·{" "}
        <CompareLink estimate={estimate} headers={headers} /> ·{" "}
        <a href={`/scenario?${query}`}>Save or copy</a> ·{" "}
        <a href={`/export?${query}`}>For other tools</a>
      </p>
      <pre
        class="command"
        tabindex={0}
      ><code>{toCommand(estimate.scenario)}</code></pre>
    </section>
  );
}
