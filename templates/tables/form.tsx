import type { TablesConfig } from "../../lib/ask/tables/config.ts";
import { PAGE_FIELDS } from "../form/page_fields.ts";
import type { TablesForm } from "./fields.ts";

/** Asks for the tables when a person stops typing for a moment. */
const WHEN = "input delay:150ms, submit";

/** What counts the parameters, in words. */
const COUNTS = [
  ["tensors", "every tensor"],
  ["dimensions", "dimensions, as the rule's first release"],
] as const;

/** What the tables are asked for; without JavaScript its button answers. */
export function TablesFormView(
  { form, config }: { form: TablesForm; config: TablesConfig },
) {
  return (
    <form
      id="scenario"
      class="scenario plain"
      action="/tables"
      method="get"
      autocomplete="off"
      hx-get="/tables/answer"
      hx-target="#answer"
      hx-swap="innerHTML"
      hx-trigger={WHEN}
      hx-sync="this:replace"
      aria-label="Tables"
    >
      <div class="controls">
        <ModelField form={form} />
        <Choice
          name="dtype"
          label="Data type"
          form={form}
          options={[
            ["", "all of them"],
            ...Object.keys(config.data_types).map(
              (type): [string, string] => [type, type],
            ),
          ]}
        />
        <Choice
          name="count"
          label="Parameters from"
          form={form}
          options={COUNTS}
        />
        <Text name="lora_rank" label="LoRA rank" form={form} />
        <Text name="batch_size" label="Batch" form={form} />
        <Text
          name="sequence_length"
          label="Sequence length"
          unit="tokens"
          form={form}
          hint="Batch and length change the second opinions alone"
        />
      </div>
      <div class="submit">
        <button type="submit">Show tables</button>
        <a href="/tables">Start over</a>
      </div>
    </form>
  );
}

/** The model's name; a described model goes along as it is. */
function ModelField({ form }: { form: TablesForm }) {
  const [first] = form.model;
  const named = first === undefined || first[0] === "model";
  const error = [...form.errors].find(([path]) => /^model(\.|$)/.test(path));
  const errorLine = error && <p class="error" id="f-model-error">{error[1]}</p>;
  if (!named) {
    return (
      <div class="field wide">
        <p>
          The model described in the address. <a href="/tables">Choose one</a>
        </p>
        {form.model.map(([name, text]) => (
          <input type="hidden" name={name} value={text} />
        ))}
        {errorLine}
      </div>
    );
  }
  return (
    <div class="field wide">
      <label for="f-model">Model</label>
      <input
        type="text"
        id="f-model"
        name="model"
        value={first?.[1] ?? ""}
        spellcheck={false}
        autocapitalize="off"
        {...invalid("model", errorLine !== undefined)}
      />
      <input
        type="hidden"
        id="look-up"
        name={PAGE_FIELDS.lookUp}
        value={first?.[1] ?? ""}
      />
      {errorLine}
    </div>
  );
}

type Name = keyof TablesForm["texts"];

function Text(
  { name, label, unit, hint, form }: {
    name: Name;
    label: string;
    unit?: string;
    hint?: string;
    form: TablesForm;
  },
) {
  const id = `f-${name}`;
  const error = form.errors.get(name);
  return (
    <div class="field">
      <label for={id}>
        {label}
        {unit && <span class="unit">{unit}</span>}
      </label>
      <input
        type="text"
        id={id}
        name={name}
        value={form.texts[name]}
        inputmode="decimal"
        spellcheck={false}
        {...invalid(name, error !== undefined)}
      />
      {hint && <p class="hint">{hint}</p>}
      {error !== undefined && <p class="error" id={`${id}-error`}>{error}</p>}
    </div>
  );
}

function Choice(
  { name, label, options, form }: {
    name: Name;
    label: string;
    options: readonly (readonly [value: string, words: string])[];
    form: TablesForm;
  },
) {
  const id = `f-${name}`;
  const text = form.texts[name];
  const error = form.errors.get(name);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} name={name} {...invalid(name, error !== undefined)}>
        {options.map(([value, words]) => (
          <option value={value} selected={value === text}>{words}</option>
        ))}
        {!options.some(([value]) => value === text) && (
          <option value={text} selected>{text}</option>
        )}
      </select>
      {error !== undefined && <p class="error" id={`${id}-error`}>{error}</p>}
    </div>
  );
}

function invalid(name: string, wrong: boolean): Record<string, string> {
  return wrong
    ? { "aria-invalid": "true", "aria-describedby": `f-${name}-error` }
    : {};
}
