import type { Case } from "../case.ts";
import { readCases } from "../doors.ts";
import { truth } from "../truth.ts";
import { scenarioCase } from "./scenario_case.ts";

const FILES = [
  "measured.json",
  "steps.json",
  "traced_steps.json",
  "traced_heads.json",
  "traced_encoders.json",
  "traced_state_spaces.json",
  "traced_hybrids.json",
];

/** Every run that was measured and every step that was traced. */
export function stepCases(): Case[] {
  return FILES.flatMap((file) => {
    const read = readCases(truth(file));
    if (!read.ok) throw new Error(`${file}: ${read.problems[0]?.message}`);
    return read.value.map(({ id, scenario }) =>
      scenarioCase(`${file}: ${id}`, scenario)
    );
  });
}
