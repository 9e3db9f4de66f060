import { completed } from "../form/models_found.tsx";
import { EXPLAIN_FIELDS } from "../form/page_fields.ts";

/** What stands in the form for an error. */
export interface ErrorFormState {
  /** What was pasted. */
  typed: string;
  /** The model, where the text names none. */
  model: string;
  /** The query of the scenario that is taken beside it; "" of none. */
  scenario: string;
}

/** Takes an error of memory, pasted or as a file. */
export function ErrorForm({ state }: { state: ErrorFormState }) {
  const { typed, model, scenario } = state;
  const own = new URLSearchParams(scenario).get("model");
  return (
    <form
      class="card explain"
      action="/explain"
      method="post"
      enctype="multipart/form-data"
      autocomplete="off"
      aria-label="Explain an error"
      hx-post="/explain"
      hx-target="#answer"
      hx-swap="innerHTML"
      hx-sync="this:replace"
    >
      <input
        type="hidden"
        name={EXPLAIN_FIELDS.scenario}
        value={scenario}
      />
      <div class="field">
        <label for="f-error">The error, with the lines before it</label>
        <textarea
          id="f-error"
          name={EXPLAIN_FIELDS.text}
          rows={10}
          spellcheck={false}
          aria-describedby="f-error-hint"
        >
          {typed}
        </textarea>
        <p class="hint" id="f-error-hint">
          torch.OutOfMemoryError with its stack; why vLLM, SGLang, llama.cpp or
          ollama did not start, with their log; DeepSpeed's lines; nvidia-smi;
          torch.cuda.memory_summary(), or memory_snapshot() as JSON. The command
          or settings beside it help. Nothing of it is stored.{" "}
          <a href="/docs/errors">What is read, and how</a>
        </p>
      </div>
      <div class="field">
        <label for="f-error_file">Or choose its file</label>
        <input type="file" id="f-error_file" name={EXPLAIN_FIELDS.file} />
      </div>
      <div class="field">
        <label for="f-error_model">Model, where the text names none</label>
        <input
          type="text"
          id="f-error_model"
          name={EXPLAIN_FIELDS.model}
          value={model}
          spellcheck={false}
          autocapitalize="off"
          {...completed("error-models")}
        />
        <datalist id="error-models" />
      </div>
      {own !== null && (
        <p class="hint">
          The scenario of <a href={`/?${scenario}`}>{own}</a>{" "}
          is taken beside it, and wins over what the text says.
        </p>
      )}
      <button type="submit">Explain it</button>
    </form>
  );
}
