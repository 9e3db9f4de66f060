/** A setting of a configuration that a Scenario can say. */
export interface Understood {
  /** Dotted key as the file writes it, such as "zero_optimization.stage". */
  key: string;
  /** Its value, shortened. */
  value: string;
  /** The Scenario's field that it decides. */
  path: string;
  /** What that field becomes, or how the setting decides it. */
  becomes: string;
}

/** A setting that a Scenario cannot say, or that decides no GPU memory. */
export interface Ignored {
  key: string;
  value: string;
  reason: string;
  /** Whether a run's memory depends on it: the answer may be wrong by that. */
  moves_memory: boolean;
}

/**
 * What a text leaves to whoever runs it, and without which there is no answer:
 * a variable of a script, a field of a Scenario, or a file that is named.
 */
export interface Missing {
  kind: "variable" | "field" | "file";
  /** The variable, the field's path or the file's name, to give it by. */
  name: string;
  /** Fields that wait for it. */
  paths: string[];
  /** The setting that needs it. */
  key: string;
  /** What is asked, in a sentence. */
  reason: string;
  /** Values that answers are worth having for. */
  tries?: number[];
}

/** A field that no setting states, and what is taken for it. */
export interface Assumed {
  path: string;
  value: string;
  reason: string;
}

/** What a figure of a log is, by the names that a serving answer has for it. */
export type LogFigureName =
  | "weights_bytes"
  | "kv_pool_bytes"
  | "kv_tokens"
  | "max_concurrency"
  | "compute_bytes"
  | "graph_bytes";

/** A figure that a server printed while it started. */
export interface LogFigure {
  name: LogFigureName;
  /** "GPU 0", …, or "host"; null of the most loaded GPU. */
  device: string | null;
  value: number;
  /** By how much the print may be off. */
  rounding: number;
  /** The line that says it, shortened. */
  line: string;
}

/** What one or several configurations became. */
export interface Imported {
  /** What each text was taken for, in the order given. */
  formats: { id: string; title: string; name?: string }[];
  /** Every field that is stated or assumed; the rest has its default. */
  scenario: Record<string, unknown>;
  understood: Understood[];
  ignored: Ignored[];
  assumed: Assumed[];
  /** What has to be given before there is an answer. */
  missing: Missing[];
  /** Ignored settings that move memory, a sentence each. */
  warnings: string[];
  /** What logs print, to be set beside the estimate; absent without a log. */
  figures?: LogFigure[];
}

/** A text to import. */
export interface Configuration {
  text: string;
  /** Its file's name, for messages. */
  name?: string;
}
