import type { OffloadHow } from "../../play/torch/saved_offload.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { isFrom } from "../../scenario/version.ts";

/**
 * How what autograd saves waits on the host: torchtune's manager copies each saved
 * tensor, TRL's from 0.25 on one of each storage, and from 1.8 on a second one once
 * the first has gone. One that is not said is the newest.
 *
 * Sources: huggingface/trl 0.24.0, 0.25.0, 1.7.0, 1.8.0 and 1.16.0
 * trl/models/activation_offloading.py; pytorch/torchtune 0.6.1
 * torchtune/training/_activation_offloading.py
 */
export function offloadOf(
  { train, software, engine }: Pick<Scenario, "train" | "software" | "engine">,
): OffloadHow | null {
  if (train.activation_offloading === "none") return null;
  const beside = train.activation_offloading === "streams";
  const copiesAll = engine.driver === "torchtune" ||
    software.model_code === "torchtune" || !isFrom(software.trl, [0, 25]);
  const forgets = isFrom(software.trl, [1, 8]);
  return {
    beside,
    keepsShared: copiesAll || (forgets && !beside)
      ? null
      : forgets
      ? "on its way"
      : "always",
  };
}
