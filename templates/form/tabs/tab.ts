/** A control of the form; its kind and choices come from the schema. */
export interface Control {
  /** Dotted path in the Scenario, and the control's name. */
  path: string;
  label: string;
  /** A line under the control. */
  hint?: string;
  /** What stands behind the number: "GiB", "tokens". */
  unit?: string;
  /** Suggestions for a text, by the id of a datalist. */
  list?: "models" | "formats";
  /** Choices where the schema has a range of numbers. */
  options?: readonly string[];
  /** What a blank control means. */
  blank?: string;
}

/** Controls that belong together. */
export interface Group {
  title: string;
  /** Its one control says the same, so only screen readers get the title. */
  quiet?: true;
  /** Shown only for this task. */
  task?: "train" | "serve";
  /** Folded away until asked for. */
  folded?: true;
  controls: readonly Control[];
}

/** One of the five tabs. */
export interface Tab {
  id: string;
  title: string;
  groups: readonly Group[];
}
