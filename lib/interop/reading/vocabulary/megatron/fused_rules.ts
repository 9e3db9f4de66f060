import type { Rule } from "../../format.ts";
import { plainText } from "../../plain_text.ts";
import { switchOf } from "../../rules.ts";

const FUSED_LOSS = "cross-entropy-loss-fusion";

/**
 * What Megatron's fused parts leave on a GPU otherwise than its plain ones.
 *
 * Sources: NVIDIA/Megatron-LM core 0.16.1 megatron/core/models/common/language_module,
 * compute_language_model_loss; megatron/core/optimizer/distrib_optimizer.py and
 * cpu_offloading/hybrid_optimizer.py
 */
export const MEGATRON_FUSED_RULES: readonly Rule[] = [
  {
    keys: [FUSED_LOSS],
    fields: ["train.kernels"],
    values: "true → compile",
    read: (setting, draft, all) => {
      const fused = switchOf(setting, draft);
      if (fused === null) return;
      if (!fused) draft.leave(setting, "switched off");
      else if (plainText(all.get("cross-entropy-fusion-impl")) === "te") {
        draft.leave(setting, "cross-entropy-fusion-impl says which");
      } else draft.state(setting, "train.kernels", "compile");
    },
  },
  {
    keys: ["cross-entropy-fusion-impl"],
    fields: ["train.loss"],
    values: `te → fused, with ${FUSED_LOSS}`,
    read: (setting, draft, all) => {
      const name = plainText(setting.value);
      const isFused = ["", "true"].includes(
        plainText(all.get(FUSED_LOSS) ?? "false").toLowerCase(),
      );
      if (name !== "te" && name !== "native") {
        draft.refuse(setting, "must be te or native");
      } else if (name === "te" && isFused) {
        draft.state(setting, "train.loss", "fused");
      } else draft.leave(setting, `${FUSED_LOSS} says whether it is fused`);
    },
  },
  {
    keys: ["use-precision-aware-optimizer"],
    fields: ["precision.master_weights"],
    values: "true, with optimizer-cpu-offload → none",
    read: (setting, draft, all) => {
      const aware = switchOf(setting, draft);
      if (aware === null) return;
      const offloads = all.get("optimizer-cpu-offload");
      if (!aware) draft.leave(setting, "switched off");
      else if (offloads === undefined || offloads === false) {
        draft.leave(setting, "its types of states say what it saves");
      } else draft.state(setting, "precision.master_weights", "none");
    },
  },
];
