import type { Scenario } from "../../scenario/schema.ts";

/** A Scenario as another program's configuration. */
export interface Exported {
  text: string;
  /** What the configuration cannot say, a sentence each. */
  notes: string[];
}

/** A configuration before it is written. */
export interface ConfigurationDraft {
  values: Record<string, unknown>;
  /** Paths of the Scenario's fields that the values state. */
  says: readonly string[];
  /** What is to be filled in, or stands for something else. */
  notes: readonly string[];
}

/** A kind of configuration that a Scenario becomes. */
export interface ExportFormat {
  id: string;
  title: string;
  /** What the file is usually called. */
  file: string;
  syntax: "yaml" | "json";
  /** Why a Scenario cannot be said at all; null where it can. */
  refuses(scenario: Scenario): string | null;
  draft(scenario: Scenario): ConfigurationDraft;
}
