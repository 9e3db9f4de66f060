import type { Scenario } from "../../scenario/schema.ts";
import { versionOf } from "../../scenario/version.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
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

/**
 * How a release of PEFT joins its adapters; null: a new one.
 *
 * @param shown The type that adapters' matrices seem to have; null for their own.
 */
export function peftAdapters(
  release: string | null,
  shown: Dtype | null,
): AdapterCode {
  const version = versionOf(release);
  const isOld = version !== null && version.major === 0 &&
    version.minor < FOLDS_FROM;
  return {
    linear: peftLinear(shown),
    rows: peftRows,
    parameter: parameterJoin(!isOld),
  };
}

/**
 * The type that PEFT finds adapters' matrices in where FSDP 1 has flattened them:
 * their modules have the shards, which accelerate has cast, until they run.
 *
 * Source: huggingface/peft src/peft/tuners/lora/layer.py, Linear.forward,
 * _cast_input_dtype; accelerate accelerator.py, Accelerator.prepare_model
 */
export function shownDtype({ engine, precision }: Scenario): Dtype | null {
  return engine.name === "fsdp" && precision.autocast !== null ? "fp32" : null;
}
