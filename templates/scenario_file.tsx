/** A scenario's JSON, to save or to copy, and what to do with it. */
export function ScenarioFile(
  { query, json, file }: {
    query: string;
    json: string;
    /** The name under which it is saved. */
    file: string;
  },
) {
  return (
    <main class="single" id="answer">
      <h1>The scenario as JSON</h1>
      <p>
        The model and what differs from its default.{" "}
        <a href={`/?${query}`}>
          Back to the scenario
        </a>
      </p>
      <section class="card">
        <p>
          <a class="button" href={`/scenario.json?${query}`} download={file}>
            Save as a file
          </a>{" "}
          <button
            type="button"
            class="second copies"
            data-copies="scenario-json"
          >
            Copy
          </button>
        </p>
        <pre
          class="command"
          id="scenario-json"
          tabindex={0}
        ><code>{json}</code></pre>
        <p>The saved file on the command line:</p>
        <pre
          class="command"
          tabindex={0}
        ><code>{`deno task estimate --scenario ${file}`}</code></pre>
      </section>
    </main>
  );
}
