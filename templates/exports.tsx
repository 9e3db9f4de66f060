import type { Scenario } from "../lib/mod.ts";
import { EXPORTS, exportScenario } from "../lib/mod.ts";

/** A scenario as every tool's configuration, each to read and to save. */
export function Exports(
  { scenario, query }: { scenario: Scenario; query: string },
) {
  return (
    <main class="single" id="answer">
      <h1>For other tools</h1>
      <p>
        The scenario as configurations.{" "}
        <a href={`/?${query}`}>Back to the scenario</a>
      </p>
      {EXPORTS.map(({ id, title, file, syntax }) => {
        const written = exportScenario(scenario, id);
        return (
          <section class="card" aria-labelledby={`export-${id}`}>
            <h2 id={`export-${id}`}>{title}</h2>
            {written.ok
              ? (
                <>
                  <p>
                    <a
                      class="button"
                      href={`/export?format=${id}&${query}`}
                      download={file}
                    >
                      Save {file}
                    </a>
                  </p>
                  {syntax === "json" && written.value.notes.length > 0 && (
                    <ul>
                      {written.value.notes.map((note) => <li>{note}</li>)}
                    </ul>
                  )}
                  <pre
                    class="command"
                    tabindex={0}
                    aria-label={title}
                  ><code>{written.value.text}</code></pre>
                </>
              )
              : <p>{written.problems[0]?.message}</p>}
          </section>
        );
      })}
    </main>
  );
}
