import type { MemoryCounter } from "./figure.ts";

/** A measured run of the project's own cases, as the answer shows it. */
export interface MeasuredRun {
  model: RunModel;
  /** The Scenario's input: the fields that differ from their defaults. */
  scenario: Record<string, unknown>;
  /** The GPU as the source names it; null where it does not. */
  gpu: string | null;
  /** How surely its settings are known: high, medium or low. */
  confidence: string;
  /** Who published it, and where. */
  source: string;
  readings: RunReading[];
}

/** What tells a model from others in size and kind. */
export interface RunModel {
  name: string;
  type: string;
  parameters: number;
}

/** What a run used by one counter. */
export interface RunReading {
  counter: MemoryCounter;
  measured_bytes: number;
  /** Predicted ÷ measured − 1 by method, where the method could predict it. */
  errors: Record<string, number>;
}

/**
 * runs.json: sections of scenarios and sources repeat, so that each is written
 * once and runs name them by number.
 */
export interface PackedRuns {
  methods: string[];
  counters: MemoryCounter[];
  gpus: (string | null)[];
  confidences: string[];
  /** The model as its scenario gives it, its name, type and parameters. */
  models: [given: unknown, name: string, type: string, parameters: number][];
  sections: [name: string, fields: unknown][];
  /** The repository, commit and file of sources. */
  places: string[];
  runs: PackedRun[];
}

/** A run; all but its bytes, errors and the source's end are numbers of lines. */
export type PackedRun = [
  model: number,
  sections: number[],
  gpu: number,
  confidence: number,
  place: number,
  rest: string,
  readings: [counter: number, bytes: number, errors: (number | null)[]][],
];
