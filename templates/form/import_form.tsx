import { completed } from "./models_found.tsx";
import { IMPORT_FIELDS } from "./page_fields.ts";

/** What stands in the form for configuration files. */
export interface ImportState {
  /** What was pasted. */
  text: string;
  /** The model for files that name none. */
  model: string;
  /** What is wrong with it. */
  errors: readonly string[];
}

/**
 * Takes configuration files, commands and logs, pasted or chosen. A form of its
 * own: what it reads fills the other one.
 */
export function ImportForm(
  { state, query }: {
    state: ImportState | null;
    /** The scenario in the other form, which a refusal leaves as it is. */
    query: string;
  },
) {
  const wrong = state !== null && state.errors.length > 0;
  return (
    <details class="import" open={wrong}>
      <summary>From a configuration file</summary>
      <form
        id="import"
        action="/import"
        method="post"
        enctype="multipart/form-data"
        autocomplete="off"
        aria-label="From a configuration file"
      >
        <input
          type="hidden"
          id="import-scenario"
          name={IMPORT_FIELDS.scenario}
          value={query}
        />
        <div class="field">
          <label for="f-configuration">Paste it</label>
          <textarea
            id="f-configuration"
            name={IMPORT_FIELDS.text}
            rows={6}
            spellcheck={false}
            aria-describedby={`f-configuration-hint${
              wrong ? " f-configuration-error" : ""
            }`}
            aria-invalid={wrong ? "true" : undefined}
          >
            {state?.text ?? ""}
          </textarea>
          <p class="hint" id="f-configuration-hint">
            TrainingArguments, LLaMA-Factory, Axolotl, DeepSpeed, accelerate,
            torchtune, Lightning, PEFT or a Megatron-LM command; the command,
            container, manifest, Modelfile or log of vLLM, SGLang, llama.cpp,
            ollama, TGI or TensorRT-LLM
          </p>
          {wrong && (
            <div class="error" id="f-configuration-error">
              {state.errors.map((error) => <p>{error}</p>)}
            </div>
          )}
        </div>
        <div class="field">
          <label for="f-configuration_file">Or choose files</label>
          <input
            type="file"
            id="f-configuration_file"
            name={IMPORT_FIELDS.files}
            multiple
          />
        </div>
        <div class="field">
          <label for="f-import_model">Model, where no file names one</label>
          <input
            type="text"
            id="f-import_model"
            name={IMPORT_FIELDS.model}
            value={state?.model ?? ""}
            spellcheck={false}
            autocapitalize="off"
            {...completed("import-models")}
          />
          <datalist id="import-models" />
        </div>
        <button type="submit">Read it</button>
      </form>
    </details>
  );
}
