import type { Estimator } from "../../lib/evidence/predict.ts";
import { tryEstimate } from "../../lib/mod.ts";
import type { Estimate } from "../../lib/mod.ts";

/** A method that knows every counter, as a timeline does. */
export const counting: Estimator = (scenario) => {
  const result = tryEstimate(scenario);
  if (!result.ok) return result;
  return { ok: true, value: counted(result.value) };
};

export function counted(whole: Estimate): Estimate {
  return {
    ...whole,
    method: whole.scenario.method,
    memory: {
      ...whole.memory,
      allocated_peak_bytes: 600,
      allocated_steady_bytes: 200,
      reserved_peak_bytes: 700,
      device_peak_bytes: 800,
      phases: [
        { name: "load", peak_bytes: 100 },
        { name: "forward", peak_bytes: 300 },
        { name: "loss", peak_bytes: 600, end_bytes: 550 },
        { name: "backward", peak_bytes: 500, start_bytes: 450, end_bytes: 250 },
        { name: "optimizer", peak_bytes: 400 },
      ],
    },
  };
}
