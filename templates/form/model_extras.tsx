import { Why } from "../why.tsx";
import type { FormState } from "./form_state.ts";
import { MAX_CONFIG_BYTES, PAGE_FIELDS } from "./page_fields.ts";

/**
 * How a name is found out: whether from the checkpoint's headers, and which name
 * stands as it is to be looked up, which the page's script keeps.
 */
export function LookUpFields({ state }: { state: FormState }) {
  const error = state.errors.get(PAGE_FIELDS.countFrom);
  return (
    <div class="field switch">
      <input
        type="hidden"
        id="look-up"
        name={PAGE_FIELDS.lookUp}
        value={state.texts.get("model") ?? ""}
      />
      <input
        type="checkbox"
        id="f-count_from"
        name={PAGE_FIELDS.countFrom}
        value="headers"
        checked={state.headers}
        aria-describedby={error === undefined
          ? undefined
          : "f-count_from-error"}
        aria-invalid={error === undefined ? undefined : "true"}
      />
      <label for="f-count_from">Count from the checkpoint's headers</label>
      <Why
        term="counting from headers"
        sentence="Asks the Hub for the shapes of the checkpoint's tensors, which takes a little longer."
        href="/docs/models"
      />
      {error !== undefined && (
        <p class="error" id="f-count_from-error">{error}</p>
      )}
    </div>
  );
}

/**
 * A config.json as a file. The page's script sends it once it is chosen;
 * without, its button does.
 */
export function ConfigFileField() {
  return (
    <div class="field wide config-file">
      <label for="f-config_file">Or choose the file</label>
      <div class="choose">
        <input
          type="file"
          id="f-config_file"
          name={PAGE_FIELDS.file}
          accept=".json,application/json"
          data-max-bytes={MAX_CONFIG_BYTES}
          aria-describedby="f-config_file-hint"
          hx-post="/config"
          hx-encoding="multipart/form-data"
          hx-trigger="change"
          hx-target="#answer"
          hx-swap="innerHTML"
          hx-sync="#scenario:replace"
        />
        <button
          type="submit"
          class="second"
          formaction="/config"
          formmethod="post"
          formenctype="multipart/form-data"
        >
          Use this file
        </button>
      </div>
      <p class="hint" id="f-config_file-hint">
        It takes the place of the model above, and the page's address holds it;
        lists of labels and words are left out where that grows too long
      </p>
    </div>
  );
}
