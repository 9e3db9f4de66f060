import type { Format } from "../reading/format.ts";
import { isLora, peftCall, SIZES, stateKind } from "./kinds.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { modules, same, switched, unexpressed } from "../reading/rules.ts";
import { modelRule } from "../reading/vocabulary/model.ts";

/** PEFT's adapter_config.json, or the arguments of its LoraConfig. */
export const peftFile: Format = {
  id: "peft",
  title: "PEFT",
  kind: "mapping",
  calls: peftCall,
  recognises: (values) =>
    "peft_type" in values ||
    ("r" in values && ("lora_alpha" in values || "target_modules" in values)),
  rules: [
    {
      keys: ["peft_type"],
      fields: ["train.method", "train.lora.rank", "train.lora.targets"],
      values: "LORA → adapters; the others → LoRA of about their size",
      read: stateKind,
    },
    modelRule(["base_model_name_or_path"]),
    {
      keys: ["r"],
      fields: ["train.lora.rank"],
      read: (setting, draft, all) => {
        if (isLora(all)) draft.state(setting, "train.lora.rank", setting.value);
        else draft.leave(setting, "peft_type decides how large it is");
      },
    },
    same("lora_alpha", "train.lora.alpha"),
    same("lora_dropout", "train.lora.dropout"),
    modules("target_modules", "train.lora.targets"),
    modules("target_parameters", "train.lora.target_parameters"),
    modules("modules_to_save", "train.lora.modules_to_save"),
    switched("use_dora", "train.lora.dora", true, false),
    switched("use_rslora", "train.lora.rslora", true, false),
    same("bias", "train.lora.bias"),
    same("peft_version", "software.peft"),
  ],
  unexpressed: [
    unexpressed(SIZES, "peft_type decides what becomes of it", false),
    unexpressed(
      ["rank_pattern", "alpha_pattern"],
      "one rank is taken for every module",
    ),
    unexpressed(
      [
        "layers_to_transform",
        "layers_pattern",
        "layer_replication",
        "exclude_modules",
        "trainable_token_indices",
        "megatron_config",
        "use_qalora",
        "arrow_config",
        "alora_invocation_tokens",
      ],
      "no field says which layers or tokens it picks",
    ),
  ],
  neutral: [
    anyKeyOf(KEY_END.section)`
    auto_mapping inference_mode init_lora_weights loftq_config corda_config
    eva_config lora_bias lora_ga_config megatron_core revision task_type
    fan_in_fan_out ensure_weight_tying qalora_group_size runtime_config
    use_bdlora init_weights tinit tfinal deltaT beta1 beta2 orth_reg_weight
    total_step vera_dropout d_initial projection_prng_key save_projection
    use_cayley_neumann num_cayley_neumann_terms module_dropout coft eps
    block_share boft_ feedforward_modules init_ia3_weights prompt_tuning_init
    tokenizer_name_or_path tokenizer_kwargs rank_dropout decompose_
    use_effective_conv2d random_loftq encoder_dropout init_d_initial
  `,
  ],
  finish: (draft) => {
    if (!draft.facts.has("adapters")) {
      draft.assume(
        "train.method",
        "lora",
        "r and its kin are LoraConfig's settings",
      );
    }
  },
};
