import type { Scenario } from "../scenario/schema.ts";
import { weightFormat } from "../scenario/weight_format.ts";

/** Whether weights lie packed in the formats that engines shard. */
export function areShardsPacked(scenario: Scenario): boolean {
  return ["nf4", "nf4-dq"].includes(weightFormat(scenario));
}

/**
 * A scenario whose packed weights are sharded: what is not packed stays in its type,
 * as shards of a unit need one, and trainers leave PEFT's upcast out.
 *
 * Sources: huggingface/trl trl/trainer/sft_trainer.py, is_sharded_qlora;
 * axolotl-ai-cloud/axolotl src/axolotl/loaders/model.py,
 * skip_prepare_model_for_kbit_training
 */
export function withoutUpcast(scenario: Scenario): Scenario {
  return areShardsPacked(scenario)
    ? {
      ...scenario,
      quantization: { ...scenario.quantization, kbit_upcast: false },
    }
    : scenario;
}

/** What is taken for granted of packed weights that are sharded. */
export function packedAssumptions(scenario: Scenario): string[] {
  if (!areShardsPacked(scenario)) return [];
  const { train, quantization } = scenario;
  return [
    "packed weights are taken to be held as the type that is computed in (bnb_4bit_quant_storage), which sharding needs",
    ...(train.method === "qlora" && quantization.kbit_upcast
      ? [
        "quantization.kbit_upcast is taken as false: shards of a unit have one type, and trainers cast nothing where 4-bit weights are sharded",
      ]
      : []),
  ];
}
