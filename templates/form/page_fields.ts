/**
 * Parameters of the page's address that are no fields of a Scenario: they say
 * how its model is found out, not what is estimated.
 */
export const PAGE_FIELDS = {
  /** "headers" counts from the checkpoint's headers in any case. */
  countFrom: "count_from",
  /** The name that stands in the form as it is to be looked up. */
  lookUp: "look_up",
  /** The file that was chosen; a plain form sends its name, or all of it. */
  file: "config_file",
  /** The comparison that the scenario goes back to. */
  compare: "compare",
  /** The tab whose more settings are asked for. */
  more: "more",
} as const;

/** Fields of the form for configuration files. */
export const IMPORT_FIELDS = {
  /** What was pasted. */
  text: "configuration",
  /** Files that were chosen. */
  files: "configuration_file",
  /** The model, where no file names one. */
  model: "model",
  /** Texts that were read before, as JSON, while something is asked for. */
  texts: "texts",
  /** Stands before the name of what an import asked for. */
  given: "given.",
  /** The query of the scenario that stands in the other form. */
  scenario: "scenario",
} as const;

/** Fields of the form for an error. */
export const EXPLAIN_FIELDS = {
  /** What was pasted. */
  text: "text",
  /** A file that was chosen. */
  file: "error_file",
  /** The model, where the text names none. */
  model: "model",
  /** The query of the scenario that is taken beside it. */
  scenario: "scenario",
} as const;

/** Largest config.json that is taken as a file; real ones have kilobytes. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** What {@linkcode PAGE_FIELDS.countFrom} may say; the first is the default. */
export const COUNT_FROM = ["config", "headers"] as const;
