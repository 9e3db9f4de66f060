import type { Estimate, Result } from "../lib/mod.ts";
import { shown } from "../lib/scenario/problem.ts";
import { refused } from "./api_body.ts";

/** Of which GPUs an estimate tells whether they hold it. */
export const FITS = ["own", "all"] as const;

type FitAsked = typeof FITS[number];

/** Of which GPUs is to be told: the scenario's own unless all are asked for. */
export function readFit(query: URLSearchParams): Result<FitAsked> {
  const text = query.get("fit") || FITS[0];
  const fit = FITS.find((each) => each === text);
  return fit ? { ok: true, value: fit } : refused(
    "fit",
    `fit must be ${FITS.join(" or ")}: current value is ${shown(text)}`,
  );
}

/** An estimate without the GPUs that were not asked for. */
export function withFit(estimate: Estimate, asked: FitAsked): Estimate {
  const { fit } = estimate;
  return asked === "all" ? estimate : { ...estimate, fit: fit.slice(0, 1) };
}
