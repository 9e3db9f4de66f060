import type { CalculatorConfigRead, Result } from "../lib/mod.ts";
import { isCalculatorConfig, readCalculatorConfig } from "../lib/mod.ts";

/** A Scenario's input, and what was made of the file that it is from. */
export interface Configuration {
  input: Record<string, unknown>;
  /** Null where the file is a scenario itself. */
  read: Omit<CalculatorConfigRead, "scenario"> | null;
}

/**
 * Reads a configuration: one of the training memory calculator, or a scenario.
 *
 * @param json What the file holds, parsed.
 */
export function readConfiguration(json: unknown): Result<Configuration> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return {
      ok: false,
      problems: [{ path: "", message: "The configuration must be an object" }],
    };
  }
  if (!isCalculatorConfig(json)) {
    return {
      ok: true,
      value: { input: structuredClone({ ...json }), read: null },
    };
  }
  const result = readCalculatorConfig(json);
  if (!result.ok) return result;
  const { scenario, ...read } = result.value;
  return { ok: true, value: { input: { ...scenario }, read } };
}
