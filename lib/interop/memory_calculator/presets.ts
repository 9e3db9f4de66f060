import type { ScenarioInput } from "../../scenario/parse_scenario.ts";
import { ScenarioError } from "../../scenario/problem.ts";
import { readCalculatorConfig } from "./config.ts";
import data from "./presets.json" with { type: "json" };

/** A preset of the training memory calculator. */
export interface CalculatorPreset {
  /** The name that `--preset` takes. */
  id: string;
  title: string;
  /** How it trains, and where its shape is not the released model's. */
  about: string;
  /** Its configuration, as a file of the calculator has it. */
  config: unknown;
}

/**
 * The calculator's ten presets, with the figures that it ships
 * (George614/gpu-mem-calculator@2f345d1, `web/presets/models.json`).
 */
export const CALCULATOR_PRESETS: readonly CalculatorPreset[] = data;

/** A preset by its name, whatever the case. */
export function findPreset(id: string): CalculatorPreset | null {
  const wanted = id.trim().toLowerCase();
  return CALCULATOR_PRESETS.find((preset) => preset.id === wanted) ?? null;
}

/**
 * The preset's scenario, with the catalogue's model where that is the same one.
 *
 * @throws {ScenarioError} Where its configuration cannot be read.
 */
export function scenarioOfPreset({ config }: CalculatorPreset): ScenarioInput {
  const read = readCalculatorConfig(config);
  if (!read.ok) throw new ScenarioError(read.problems);
  const { scenario, known } = read.value;
  return known === null ? scenario : { ...scenario, model: known };
}
