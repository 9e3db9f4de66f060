import type { Scenario } from "../../scenario/schema.ts";

/**
 * Whether gradients are led to the embeddings' output though no weight there
 * trains: for checkpoints alone, of a quantised model too.
 *
 * Source: huggingface/peft src/peft/peft_model.py,
 * _prepare_model_for_gradient_checkpointing; utils/other.py
 */
export function leadsGradients({ train }: Scenario): boolean {
  return train.method !== "full" && train.checkpointing !== "none";
}
