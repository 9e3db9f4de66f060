import { versionOf } from "../../scenario/version.ts";
import type { AdapterCode } from "../model_code.ts";
import { peftLinear } from "./linear.ts";
import { parameterJoin } from "./parameter.ts";
import { peftRows } from "./rows.ts";

/**
 * PEFT 0.x that folds an update into experts' weights in one product.
 *
 * Source: huggingface/peft src/peft/tuners/lora/layer.py of 0.20.0 and 0.21.2
 */
const FOLDS_FROM = 21;

/** How a release of PEFT joins its adapters; null: a new one. */
export function peftAdapters(release: string | null): AdapterCode {
  const version = versionOf(release);
  const isOld = version !== null && version.major === 0 &&
    version.minor < FOLDS_FROM;
  return {
    linear: peftLinear,
    rows: peftRows,
    parameter: parameterJoin(!isOld),
  };
}
