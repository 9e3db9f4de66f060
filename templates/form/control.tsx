import { raw } from "hono/html";
import { describeField } from "../../lib/mod.ts";
import type { FormState } from "./form_state.ts";
import { DEFAULT_TEXTS } from "./form_state.ts";
import type { Control } from "./tabs/mod.ts";
import { GpuSelect } from "./gpu_select.tsx";

/** Paths whose text is long. */
const LONG = new Set(["model.config"]);

/** Switches that must send nothing while the model has a name. */
const DIMENSION_SWITCHES = new Set([
  "model.dims.tie_embeddings",
  "model.dims.gated_mlp",
]);

/** Paths of choices that read better side by side. */
const RADIO = new Set(["task", "train.method"]);

/** The id of the control of a path, for labels and links. */
export function controlId(path: string): string {
  return `f-${path.replaceAll(".", "-")}`;
}

/** Controls with their default and nothing wrong, as most are: made once each. */
const usual = new Map<Control, ReturnType<typeof raw>>();

/** One control with its label, its hint and what is wrong with it. */
export function ControlView(
  { control, state }: { control: Control; state: FormState },
) {
  const { path } = control;
  const isUsual = !state.errors.has(path) &&
    (state.texts.get(path) ?? "") === (DEFAULT_TEXTS.get(path) ?? "");
  if (!isUsual) return <MadeControl control={control} state={state} />;
  const known = usual.get(control);
  if (known) return known;
  const made = raw(String(<MadeControl control={control} state={state} />));
  usual.set(control, made);
  return made;
}

function MadeControl(
  { control, state }: { control: Control; state: FormState },
) {
  const { path } = control;
  const field = fieldOf(path);
  if (field.kind === "switch") {
    return <Switch control={control} state={state} />;
  }
  if (RADIO.has(path) && field.kind === "choice") {
    return <Radios control={control} state={state} options={field.options} />;
  }
  const id = controlId(path);
  return (
    <div class={LONG.has(path) || path === "model" ? "field wide" : "field"}>
      <label for={id}>
        {control.label}
        {control.unit && <span class="unit">{control.unit}</span>}
      </label>
      <Input control={control} state={state} />
      {control.hint && <p class="hint" id={`${id}-hint`}>{control.hint}</p>}
      <ErrorLine path={path} state={state} />
    </div>
  );
}

function Input({ control, state }: { control: Control; state: FormState }) {
  const { path } = control;
  const field = fieldOf(path);
  const text = state.texts.get(path) ?? "";
  const common = {
    id: controlId(path),
    name: path,
    ...described(control, state),
  };
  if (path === "hardware.gpu") {
    return <GpuSelect common={common} chosen={text} />;
  }
  if (LONG.has(path)) {
    return <textarea {...common} rows={4} spellcheck={false}>{text}</textarea>;
  }
  const options = control.options ??
    (field.kind === "choice" ? field.options : null);
  if (options) {
    const optional = field.kind === "choice" && field.optional;
    return (
      <select {...common}>
        {optional && <option value="">{control.blank}</option>}
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
      inputmode={field.kind === "number" ? "decimal" : undefined}
      list={control.list}
      placeholder={control.blank}
      spellcheck={false}
      autocapitalize="off"
    />
  );
}

function Switch({ control, state }: { control: Control; state: FormState }) {
  const { path } = control;
  const id = controlId(path);
  const text = state.texts.get(path) ?? "false";
  const on = text === "true" || text === "on";
  return (
    <div class="field switch">
      <input type="hidden" name={path} value="false" />
      <input
        type="checkbox"
        id={id}
        name={path}
        value="true"
        checked={on}
        {...described(control, state)}
      />
      <label for={id}>{control.label}</label>
      {control.hint && <p class="hint" id={`${id}-hint`}>{control.hint}</p>}
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
  { control, state, options }: {
    control: Control;
    state: FormState;
    options: readonly string[];
  },
) {
  const { path } = control;
  const text = state.texts.get(path) ?? "";
  return (
    <fieldset
      class="field wide radios"
      id={controlId(path)}
      {...described(control, state)}
    >
      <legend>{control.label}</legend>
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
  control: Control,
  state: FormState,
): Record<string, string> {
  const id = controlId(control.path);
  const wrong = state.errors.has(control.path);
  const ids = [
    control.hint ? `${id}-hint` : null,
    wrong ? `${id}-error` : null,
  ].filter((each) => each !== null);
  return {
    ...(ids.length > 0 ? { "aria-describedby": ids.join(" ") } : {}),
    ...(wrong ? { "aria-invalid": "true" } : {}),
  };
}

function fieldOf(path: string): ReturnType<typeof describeField> {
  if (DIMENSION_SWITCHES.has(path)) {
    return { kind: "choice", options: ["true", "false"], optional: true };
  }
  if (path.startsWith("model.dims.") || path.endsWith("memory_gib")) {
    return { kind: "number" };
  }
  return path.startsWith("model.") ? { kind: "text" } : describeField(path);
}
