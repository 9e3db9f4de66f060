import { raw } from "hono/html";
import type { Field } from "../../lib/mod.ts";
import type { FormState } from "./form_state.ts";
import { DEFAULT_TEXTS } from "./form_state.ts";
import { fieldAddress, fieldWords } from "../words/field_words.ts";
import { Why } from "../why.tsx";
import { GpuSelect } from "./gpu_select.tsx";
import { isShown, needsText, needsToShow } from "./matters.ts";
import { completed } from "./models_found.tsx";

/** Paths whose text is long. */
const LONG = new Set(["model.config"]);

/** Paths of choices that read better side by side. */
const RADIO = new Set(["task", "train.method"]);

/** Paths that few look at, whose sentence stands in the docs alone. */
const RARE = /^(model\.dims|factors|software|overheads)\./;

/** The id of the control of a path, for labels and links. */
export function controlId(path: string): string {
  return `f-${path.replaceAll(".", "-")}`;
}

/** Controls with their default and nothing wrong, as most are: made once each. */
const usual = new Map<string, ReturnType<typeof raw>>();

/** One control with its label, its hint and what is wrong with it. */
export function ControlView(
  { field, state }: { field: Field; state: FormState },
) {
  const { path } = field;
  const isUsual = !state.errors.has(path) &&
    (state.texts.get(path) ?? "") === (DEFAULT_TEXTS.get(path) ?? "");
  if (!isUsual) return <MadeControl field={field} state={state} />;
  const key = `${path} ${isShown(field, state)} ${isForOther(field, state)}`;
  const known = usual.get(key);
  if (known) return known;
  const made = raw(String(<MadeControl field={field} state={state} />));
  usual.set(key, made);
  return made;
}

function MadeControl(
  { field, state }: { field: Field; state: FormState },
) {
  const { path, values } = field;
  if (values.kind === "switch") {
    return <Switch field={field} state={state} />;
  }
  if (RADIO.has(path) && values.kind === "choice") {
    return <Radios field={field} state={state} options={values.options} />;
  }
  const id = controlId(path);
  return (
    <div
      {...placed(
        field,
        state,
        LONG.has(path) || path === "model" ? "field wide" : "field",
      )}
    >
      <label for={id}>
        {field.label}
        {field.unit && <span class="unit">{field.unit}</span>}
      </label>
      <FieldWhy field={field} state={state} />
      <Input field={field} state={state} />
      <Hint field={field} />
      <ErrorLine path={path} state={state} />
    </div>
  );
}

/**
 * Fields that mean something to one task alone are hidden from the other; those
 * that do not matter beside the rest are out of the way until they do.
 */
function placed(
  field: Field,
  state: FormState,
  usual: string,
): Record<string, string | undefined> {
  const task = taskOf(field);
  const needs = needsText(needsToShow(field));
  const classes = [
    usual,
    ...(task === undefined ? [] : [`for-${task}`]),
    ...(isShown(field, state) ? [] : ["idle"]),
  ].join(" ");
  return {
    class: classes,
    ...(needs === "" ? {} : {
      "data-needs": needs,
      "data-usual": DEFAULT_TEXTS.get(field.path) || undefined,
    }),
  };
}

/** What stands under a control: what somebody needs to fill it in at all. */
function hintOf({ path, hint }: Field): string | null {
  return (path === "model" || LONG.has(path)) && hint ? hint : null;
}

function Hint({ field }: { field: Field }) {
  const hint = hintOf(field);
  if (hint === null) return null;
  return <p class="hint" id={`${controlId(field.path)}-hint`}>{hint}</p>;
}

/** The one task that a field is for. */
function taskOf({ needs }: Field): unknown {
  return needs.flatMap((need) =>
    "is" in need && need.path === "task" ? need.is : []
  )[0];
}

/** Whether a field is for the task that is not chosen. */
function isForOther(field: Field, { texts }: FormState): boolean {
  const task = taskOf(field);
  return task !== undefined && task !== (texts.get("task") ?? "train");
}

/**
 * What a setting is, behind a question mark; the docs have the sentence of those
 * that do not stand in the form as it is.
 */
function FieldWhy({ field, state }: { field: Field; state: FormState }) {
  return (
    <Why
      term={field.label}
      sentence={fieldWords(field)}
      href={fieldAddress(field.path)}
      brief={RARE.test(field.path) || !isShown(field, state) ||
        isForOther(field, state)}
    />
  );
}

function Input({ field, state }: { field: Field; state: FormState }) {
  const { path, values } = field;
  const text = state.texts.get(path) ?? "";
  const common = {
    id: controlId(path),
    name: path,
    ...described(field, state),
  };
  if (path === "hardware.gpu") {
    return <GpuSelect common={common} chosen={text} />;
  }
  if (LONG.has(path)) {
    return <textarea {...common} rows={4} spellcheck={false}>{text}</textarea>;
  }
  const options = field.options ??
    (values.kind === "choice" ? values.options : null);
  if (options) {
    const optional = values.kind === "choice" && values.optional;
    return (
      <select {...common}>
        {optional && <option value="">{field.blank}</option>}
        {options.map((option) => (
          <option value={option} selected={option === text}>{option}</option>
        ))}
        {text !== "" && !options.includes(text) && (
          <option value={text} selected>{text}</option>
        )}
      </select>
    );
  }
  return (
    <input
      {...common}
      type="text"
      value={text}
      inputmode={values.kind === "number" ? "decimal" : undefined}
      {...listed(field)}
      placeholder={field.blank}
      spellcheck={false}
      autocapitalize="off"
    />
  );
}

/** The model's own name is completed by the page's script, in a list of its own. */
function listed({ path, list }: Field): Record<string, string> {
  if (list === undefined || path === "model") return {};
  return list === "models" ? completed(list) : { list };
}

function Switch({ field, state }: { field: Field; state: FormState }) {
  const { path } = field;
  const id = controlId(path);
  const text = state.texts.get(path) ?? "false";
  const on = text === "true" || text === "on";
  return (
    <div {...placed(field, state, "field switch")}>
      <input type="hidden" name={path} value="false" />
      <input
        type="checkbox"
        id={id}
        name={path}
        value="true"
        checked={on}
        {...described(field, state)}
      />
      <label for={id}>{field.label}</label>
      <FieldWhy field={field} state={state} />
      <Hint field={field} />
      <ErrorLine path={path} state={state} />
    </div>
  );
}

/** What is wrong with a control; nothing where nothing is. */
function ErrorLine({ path, state }: { path: string; state: FormState }) {
  const error = state.errors.get(path);
  if (error === undefined) return null;
  return <p class="error" id={`${controlId(path)}-error`}>{error}</p>;
}

function Radios(
  { field, state, options }: {
    field: Field;
    state: FormState;
    options: readonly string[];
  },
) {
  const { path } = field;
  const text = state.texts.get(path) ?? "";
  return (
    <fieldset
      {...placed(field, state, "field wide radios")}
      id={controlId(path)}
      {...described(field, state)}
    >
      <legend>{field.label}</legend>
      <FieldWhy field={field} state={state} />
      <div class="segments">
        {options.map((option) => (
          <label>
            <input
              type="radio"
              name={path}
              value={option}
              checked={option === text}
            />
            <span>{option}</span>
          </label>
        ))}
      </div>
      <ErrorLine path={path} state={state} />
    </fieldset>
  );
}

/** The ids of what describes a control, for screen readers. */
function described(
  field: Field,
  state: FormState,
): Record<string, string> {
  const id = controlId(field.path);
  const wrong = state.errors.has(field.path);
  const ids = [
    hintOf(field) === null ? null : `${id}-hint`,
    wrong ? `${id}-error` : null,
  ].filter((each) => each !== null);
  return {
    ...(ids.length > 0 ? { "aria-describedby": ids.join(" ") } : {}),
    ...(wrong ? { "aria-invalid": "true" } : {}),
  };
}
