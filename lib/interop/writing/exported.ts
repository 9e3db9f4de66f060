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

/** What a configuration is written in. */
export type ExportSyntax = "yaml" | "json" | "shell" | "modelfile";

/** A kind of configuration that a Scenario becomes. */
export interface ExportFormat {
  id: string;
  title: string;
  /** What the file is usually called. */
  file: string;
  syntax: ExportSyntax;
  /** Writes the values where they are no YAML or JSON; without the notes. */
  write?(values: Record<string, unknown>): string;
  /** Why a Scenario cannot be said at all; null where it can. */
  refuses(scenario: Scenario): string | null;
  draft(scenario: Scenario): ConfigurationDraft;
}
