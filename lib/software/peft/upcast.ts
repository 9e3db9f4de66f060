import type { Scenario } from "../../scenario/schema.ts";
import { isBitsandbytes } from "../bitsandbytes/formats.ts";

/**
 * Whether what bitsandbytes leaves unpacked is cast to fp32.
 *
 * Source: huggingface/peft src/peft/utils/other.py,
 * prepare_model_for_kbit_training
 */
export function upcastsUnpacked(scenario: Scenario): boolean {
  const { train, quantization } = scenario;
  return train.method !== "full" && quantization.kbit_upcast &&
    isBitsandbytes(scenario);
}
