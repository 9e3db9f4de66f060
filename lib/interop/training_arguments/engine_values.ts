import type { Scenario } from "../../scenario/schema.ts";
import { engineValues } from "../deepspeed/write.ts";
import type { DraftBuilder } from "../writing/draft_builder.ts";
import { engineNameOf } from "../writing/draft_builder.ts";
import { settingsOf } from "../writing/engine_settings.ts";
import { STRATEGIES } from "../writing/fsdp_words.ts";

/** What TrainingArguments and Axolotl take of DDP. */
const BUCKETS = ["bucket_cap_mb"] as const;

/** What fsdp_config takes of FSDP 1 by its own names. */
const GATHERING = [
  "use_orig_params",
  "forward_prefetch",
  "limit_all_gathers",
] as const;

/** `deepspeed`, `fsdp` and `fsdp_config`, as the Trainer and Axolotl take them. */
export function putTrainerEngine(
  scenario: Scenario,
  builder: DraftBuilder,
): void {
  const { engine } = scenario;
  const name = engineNameOf(scenario);
  if (name === "deepspeed") {
    const { values, says, notes } = engineValues(scenario);
    builder.put(
      "deepspeed",
      {
        ...values,
        train_micro_batch_size_per_gpu: "auto",
        gradient_accumulation_steps: "auto",
        train_batch_size: "auto",
        zero_allow_untested_optimizer: true,
      },
      ...says,
    );
    for (const note of notes) builder.note(note);
  } else if (name === "fsdp" || name === "fsdp2") {
    const offload = engine.offload_parameters === "cpu";
    const { sharding } = engine;
    builder.put("fsdp", [
      STRATEGIES[sharding].toLowerCase(),
      "auto_wrap",
      ...(offload ? ["offload"] : []),
    ], "engine.sharding");
    const own = engine.reshard_after_forward;
    const reshards = name === "fsdp2" && typeof own === "boolean" &&
      own === (sharding !== "grad_op");
    if (reshards) builder.says("engine.reshard_after_forward");
    const gathers = scenario.train.saving.gathers === "host";
    if (gathers) builder.says("train.saving.gathers");
    builder.put("fsdp_config", {
      version: name === "fsdp2" ? 2 : 1,
      ...(gathers ? { state_dict_type: "FULL_STATE_DICT" } : {}),
      ...(reshards ? { reshard_after_forward: own } : {}),
      ...(name === "fsdp"
        ? settingsOf(scenario, "fsdp", builder, GATHERING)
        : {}),
    });
    builder.says("engine.name");
    const same = engine.offload_parameters === engine.offload_optimizer;
    if (offload && same) {
      builder.says("engine.offload_parameters", "engine.offload_optimizer");
    }
    builder.note(
      "fsdp wraps the layers that fsdp_config's transformer_layer_cls_to_wrap names, or those that the model names itself",
    );
  } else if (name === "ddp") {
    for (
      const [key, value] of Object.entries(
        settingsOf(scenario, "ddp", builder, BUCKETS),
      )
    ) builder.put(`ddp_${key}`, value);
  }
}
