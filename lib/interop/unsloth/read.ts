import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import {
  counted,
  loadedIn,
  modules,
  same,
  switched,
  switchOf,
  unexpressed,
} from "../reading/rules.ts";
import { readSwitch } from "../reading/values.ts";
import { QAT_RULE } from "./qat_rule.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { assumeImage, remarkNoImages } from "../reading/vocabulary/vision.ts";

const RULES: readonly Rule[] = [
  modelRule(["model_name"]),
  counted("max_seq_length", "train.sequence_length"),
  loadedIn(["dtype"]),
  {
    keys: ["load_in_4bit"],
    fields: ["quantization.weights", "train.method"],
    values: "true, and where it is left out → nf4-dq",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) draft.leave(setting, "switched off");
      if (!on) return;
      if (readSwitch(all.get("full_finetuning")) === true) {
        draft.leave(setting, "full_finetuning is set");
      } else draft.state(setting, "quantization.weights", "nf4-dq");
    },
  },
  switched("load_in_8bit", "quantization.weights", "int8"),
  {
    keys: ["full_finetuning"],
    fields: ["train.method"],
    values: "true → full",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.fact(setting, "adapters", false);
      else if (on === false) draft.leave(setting, "switched off");
    },
  },
  {
    keys: ["r"],
    fields: ["train.lora.rank", "train.method"],
    read: (setting, draft, all) => {
      if (readSwitch(all.get("full_finetuning")) === true) {
        return draft.leave(setting, "full_finetuning is set");
      }
      draft.fact(setting, "adapters", true);
      same("r", "train.lora.rank").read(setting, draft, all);
    },
  },
  QAT_RULE,
  same("lora_alpha", "train.lora.alpha"),
  same("lora_dropout", "train.lora.dropout"),
  same("bias", "train.lora.bias"),
  modules("target_modules", "train.lora.targets"),
  modules("target_parameters", "train.lora.target_parameters"),
  modules("modules_to_save", "train.lora.modules_to_save"),
  switched("use_rslora", "train.lora.rslora", true, false),
  {
    keys: ["use_gradient_checkpointing"],
    fields: ["train.checkpointing", "train.checkpoint_offload"],
    values: "unsloth → full, kept on the host; true → full; false → none",
    read: (setting, draft) => {
      if (setting.value === "unsloth") {
        draft.state(setting, "train.checkpointing", "full");
        draft.state(setting, "train.checkpoint_offload", true);
        return;
      }
      const on = switchOf(setting, draft);
      if (on !== null) {
        draft.state(setting, "train.checkpointing", on ? "full" : "none");
      }
    },
  },
  {
    // unsloth_zoo/tiled_mlp.py: tiles as long as hidden states are wide.
    keys: ["unsloth_tiled_mlp"],
    fields: ["train.mlp_tiles"],
    values: "true, arctic → auto",
    read: (setting, draft) => {
      const on = setting.value === "arctic" || switchOf(setting, draft);
      if (on) draft.state(setting, "train.mlp_tiles", "auto");
      else if (on === false) draft.leave(setting, "switched off");
    },
  },
  {
    keys: ["fast_inference"],
    fields: ["train.rollout.engine"],
    values: "true → vllm",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "train.rollout.engine", "vllm");
      else if (on === false) draft.leave(setting, "switched off");
    },
  },
  {
    keys: ["gpu_memory_utilization"],
    fields: ["train.rollout.memory_utilization"],
    read: (setting, draft, all) => {
      if (readSwitch(all.get("fast_inference")) !== true) {
        draft.leave(setting, "fast_inference is not set");
      } else {
        same("gpu_memory_utilization", "train.rollout.memory_utilization")
          .read(setting, draft, all);
      }
    },
  },
];

/** What FastVisionModel's adapters join: unsloth/models/vision.py. */
const VISION_RULES: readonly Rule[] = [
  {
    keys: ["sees"],
    fields: ["train.images_per_sample", "train.lora.targets"],
    values: "FastVisionModel → one image a sample, assumed; all-linear",
    read: (_, draft, all) => {
      assumeImage(draft, "FastVisionModel is for samples with images");
      if (
        !all.has("target_modules") &&
        readSwitch(all.get("finetune_vision_layers") ?? true) === true
      ) {
        draft.assume(
          "train.lora.targets",
          "all-linear",
          "FastVisionModel adapts the tower's and the language model's linears",
        );
      }
    },
  },
  {
    keys: [
      "finetune_vision_layers",
      "finetune_language_layers",
      "finetune_attention_modules",
      "finetune_mlp_modules",
    ],
    fields: ["train.lora.targets"],
    values: "true → all-linear; finetune_vision_layers false → the decoder's",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on === null) return;
      const isTower = setting.key === "finetune_vision_layers";
      draft.leave(
        setting,
        on
          ? "these linears are adapted"
          : isTower
          ? "the decoder's linears alone are adapted"
          : "which linears it leaves out has no field",
        !on && !isTower,
      );
    },
  },
];

/** Unsloth's own calls of Python: unsloth/models/loader.py, llama.py. */
export const unslothCalls: Format = {
  id: "unsloth",
  title: "Unsloth",
  kind: "own",
  recognises: () => false,
  calls: ({ name, on, named, placed }) => {
    if (
      !/^Fast\w*(?:Model|Transformer)$/.test(on.slice(on.lastIndexOf(".") + 1))
    ) return null;
    if (name === "from_pretrained") {
      const [model] = placed;
      return {
        what: name,
        values: {
          ...(placed.length > 0 ? { model_name: model } : {}),
          ...(/FastVisionModel$/.test(on) ? { sees: true } : {}),
          ...named,
        },
      };
    }
    return name === "get_peft_model"
      ? { what: name, values: { get_peft_model: true, ...named } }
      : null;
  },
  rules: [...RULES, ...VISION_RULES],
  unexpressed: [
    unexpressed(
      [
        "layers_to_transform",
        "max_lora_rank",
        "offload_embedding",
        "float32_mixed_precision",
        "use_exact_model_name",
        "float8_kv_cache",
        "load_in_16bit",
        "load_in_fp8",
        "rank_pattern",
        "resize_model_vocab",
      ],
      "no field says it",
    ),
  ],
  neutral: [
    anyKeyOf(KEY_END.whole)`
    token trust_remote_code random_state loftq_config init_lora_weights
    get_peft_model device_map rope_scaling fix_tokenizer revision
    attn_implementation model task_type tokenizer_name auto_model
    disable_log_stats return_logits unsloth_vllm_standby local_files_only
    use_dora temporary_location chat_template model_type subject
  `,
  ],
  finish: finishUnsloth,
};

/** What Unsloth does where an argument is left out. */
function finishUnsloth(draft: Draft, all: FileSettings): void {
  const whole = readSwitch(all.get("full_finetuning")) === true;
  const inEight = readSwitch(all.get("load_in_8bit")) === true ||
    readSwitch(all.get("load_in_16bit")) === true;
  if (all.raw("load_in_4bit") === undefined && !whole && !inEight) {
    draft.assume(
      "quantization.weights",
      "nf4-dq",
      "load_in_4bit is on where it is left out",
    );
  }
  for (
    const [path, value, reason] of [
      ["train.sequence_length", 2048, "max_seq_length is 2048 by default"],
      ["train.checkpointing", "full", "use_gradient_checkpointing is unsloth"],
      [
        "train.checkpoint_offload",
        true,
        "use_gradient_checkpointing is unsloth",
      ],
      ["train.attention", "flash", "Unsloth's attention keeps no scores"],
      [
        "train.loss",
        "fused",
        "Unsloth works the loss out piece by piece, and is taken as a fused one",
      ],
      [
        "software.expandable_segments",
        true,
        "Unsloth sets PYTORCH_CUDA_ALLOC_CONF so where it is imported",
      ],
      [
        "quantization.kbit_upcast",
        false,
        "Unsloth leaves the rest in its type",
      ],
      ["train.lora.rank", 16, "r is 16 by default"],
      ["train.lora.alpha", 16, "lora_alpha is 16 by default"],
      [
        "train.lora.targets",
        [
          "q_proj",
          "k_proj",
          "v_proj",
          "o_proj",
          "gate_proj",
          "up_proj",
          "down_proj",
        ],
        "target_modules are these by default",
      ],
    ] as const
  ) {
    if (!draft.assumed.has(path)) draft.assume(path, value, reason);
  }
  // unsloth/__init__.py: vLLM's sleep mode cannot do with them.
  if (readSwitch(all.get("fast_inference")) === true) {
    draft.assumed.delete("software.expandable_segments");
  }
  if (draft.valueAt("train.checkpointing") === "none") {
    draft.assumed.delete("train.checkpoint_offload");
  }
  if (!draft.facts.has("adapters") && all.has("get_peft_model")) {
    draft.facts.set("adapters", { value: true, key: "get_peft_model" });
  }
  if (!draft.facts.has("loaded")) {
    draft.facts.set("loaded", { value: "bf16", key: "dtype" });
    draft.remark(
      "precision.weights",
      "bf16",
      "dtype is the GPU's best, bf16 since Ampere",
    );
  }
  remarkNoImages(draft);
}
