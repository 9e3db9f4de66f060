import type { Estimate } from "../answer/estimate.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import { shown } from "../scenario/problem.ts";

/** Of which GPUs an estimate tells whether they hold it. */
export const FITS = ["own", "all"] as const;

/** One of them. */
export type FitAsked = typeof FITS[number];

/** Of which GPUs is to be told: the scenario's own unless all are asked for. */
export function readFit(text: string | null | undefined): Result<FitAsked> {
  const named = text || FITS[0];
  const fit = FITS.find((each) => each === named);
  return fit ? { ok: true, value: fit } : {
    ok: false,
    problems: [{
      path: "fit",
      message: `fit must be ${FITS.join(" or ")}: current value is ${
        shown(named)
      }`,
    }],
  };
}

/** An estimate without the GPUs that were not asked for. */
export function withFit(estimate: Estimate, asked: FitAsked): Estimate {
  const { fit } = estimate;
  return asked === "all" ? estimate : { ...estimate, fit: fit.slice(0, 1) };
}
