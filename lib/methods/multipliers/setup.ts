import { namedFormat } from "../../scenario/weight_format.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { groupDigits } from "../../units/mod.ts";
import { FLOAT_BYTES } from "../../models/weight_bytes.ts";

/** The quantities that several formulas of the method share. */
export interface MultipliersSetup {
  scenario: Scenario;
  model: Model;
  /** Bytes of an element, whatever it belongs to: 4, 2, 1 or 0.5. */
  bytes: number;
  /** Sequences at once. */
  batch: number;
  /** Tokens of one sequence. */
  length: number;
}

/** Bytes of the two types of whole numbers that the program knows. */
const WHOLE_BYTES: Readonly<Record<string, number>> = { int8: 1, int4: 0.5 };

/**
 * Bytes of an element by the scenario's types.
 *
 * @returns Null where the program has no such precision.
 */
export function elementBytes(
  scenario: Scenario,
): number | null {
  const format = namedFormat(scenario);
  return format === "none"
    ? FLOAT_BYTES[scenario.precision.weights]
    : WHOLE_BYTES[format] ?? null;
}

/** Works the shared quantities out. */
export function setupOf(
  scenario: Scenario,
  model: Model,
  bytes: number,
): MultipliersSetup {
  const { task, train, serve } = scenario;
  const [batch, length] = task === "train"
    ? [train.micro_batch, train.sequence_length]
    : [serve.batch, serve.input_tokens + serve.output_tokens];
  return { scenario, model, bytes, batch, length };
}

/** "4 × 2,048 tokens × 2560 × 2 B": elements of every token, spelled out. */
export function spelled(
  { batch, length, bytes }: MultipliersSetup,
  factors: readonly (string | number)[],
): string {
  return [`${batch} × ${groupDigits(length)} tokens`, ...factors, `${bytes} B`]
    .join(" × ");
}
