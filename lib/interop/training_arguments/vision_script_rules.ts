import type { Draft, FileSetting } from "../reading/draft.ts";
import type { Rule } from "../reading/format.ts";
import {
  counted,
  countOf,
  stateCheckpointing,
  switched,
  switchOf,
} from "../reading/rules.ts";
import { readCount, readSwitch } from "../reading/values.ts";
import type { FreezeSwitches } from "../reading/vocabulary/vision.ts";
import {
  assumeImage,
  freezeRule,
  isVisionModel,
  maxPixelsRule,
} from "../reading/vocabulary/vision.ts";

/** OpenGVLab/InternVL internvl_chat/internvl/train/internvl_chat_finetune.py. */
const INTERNVL: FreezeSwitches = {
  tower: "freeze_backbone",
  projector: "freeze_mlp",
  language: "freeze_llm",
  byDefault: { tower: false, projector: false, language: false },
};

/** 2U1/Qwen-VL-Series-Finetune src/params.py. */
const QWEN_VL_SERIES: FreezeSwitches = {
  tower: "freeze_vision_tower",
  projector: "freeze_merger",
  language: "freeze_llm",
  byDefault: { tower: false, projector: false, language: false },
};

/** What a part that trains is called: Qwen3-VL qwen-vl-finetune, set_model. */
const TUNED: Readonly<Record<string, readonly string[]>> = {
  tune_mm_vision: ["vision_tower"],
  tune_mm_mlp: ["projector"],
  tune_mm_llm: ["language_model", "embeddings", "lm_head"],
};

/** The widest grid of so many tiles at most, as its two sides. */
function gridOf(tiles: number): [number, number] {
  let best: [number, number] = [1, 1];
  for (let short = 1; short * short <= tiles; short++) {
    const long = Math.floor(tiles / short);
    if (short * long >= best[0] * best[1]) best = [short, long];
  }
  return best;
}

function trainsAdapters(draft: Draft): boolean {
  return draft.facts.get("adapters")?.value === true;
}

/** `tune_mm_*`: what trains; each is off where it is not given. */
const TUNE_RULE: Rule = {
  keys: Object.keys(TUNED),
  fields: ["train.trainable"],
  values: "vision_tower, projector, the language model",
  read: (setting, draft, all) => {
    if (switchOf(setting, draft) === null) return;
    if (trainsAdapters(draft)) {
      return draft.leave(setting, "adapters train alone");
    }
    const parts = Object.entries(TUNED).flatMap(([key, names]) =>
      readSwitch(all.get(key)) === true ? names : []
    );
    if (parts.length === 0) {
      draft.refuse(setting, "must be true for one part: nothing trains");
    } else {
      draft.state(
        setting,
        "train.trainable",
        parts.length === 5 ? "all" : parts,
      );
    }
  },
};

/** The switches of the two scripts that freeze parts, and share one. */
const FREEZE_RULE: Rule = {
  keys: [INTERNVL, QWEN_VL_SERIES].flatMap((each) => [
    each.tower,
    each.projector,
    each.language,
  ]),
  fields: ["train.trainable"],
  values: "what is left of vision_tower, projector and the language model",
  read: (setting, draft, all) => {
    const series = all.has(QWEN_VL_SERIES.tower) ||
      all.has(QWEN_VL_SERIES.projector);
    // LLaVA calls its language model by InternVL's name for the tower.
    if (
      !series && !all.has(INTERNVL.projector) && !all.has(INTERNVL.language)
    ) {
      return draft.leave(setting, "no field says it", true);
    }
    freezeRule(series ? QWEN_VL_SERIES : INTERNVL).read(setting, draft, all);
  },
};

/** InternVL's adapters: wrap_llm_lora and wrap_backbone_lora, alpha twice the rank. */
function readInternRank(setting: FileSetting, draft: Draft): void {
  const rank = readCount(setting.value);
  if (rank === null) return draft.leave(setting, "switched off");
  draft.fact(setting, "adapters", true);
  draft.state(setting, "train.lora.rank", rank);
  draft.assume("train.lora.alpha", 2 * rank, "alpha is twice the rank");
  draft.assume("train.lora.dropout", 0.05, "the script's dropout is 0.05");
  if (setting.key === "use_llm_lora") {
    draft.assume(
      "train.lora.targets",
      `.*language_model.*\\.(?:${
        [
          ...["wqkv", "wo", "w1", "w2", "w3"],
          ...["q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj"],
          ...["gate_proj", "up_proj", "down_proj", "gate_up_proj"],
        ].join("|")
      })`,
      "all linear layers of the language model",
    );
  }
}

/**
 * What the finetuning scripts of vision-language models add to TrainingArguments:
 * InternVL, Qwen3-VL, LLaVA and those that were made of them.
 */
export const VISION_SCRIPT_RULES: readonly Rule[] = [
  {
    keys: ["lora_enable", "use_lora"],
    fields: ["train.method"],
    values: "true → lora",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on !== null) draft.fact(setting, "adapters", on);
    },
  },
  {
    keys: ["use_llm_lora", "use_backbone_lora"],
    fields: ["train.method", "train.lora.rank"],
    values: "a rank above 0 → lora",
    read: readInternRank,
  },
  {
    // The scripts of QLoRA and LLaVA nest the quantisation by default.
    keys: ["bits"],
    fields: ["quantization.weights"],
    values: "4 → nf4-dq, of double_quant false nf4; 8 → int8; 16 → none",
    read: (setting, draft, all) => {
      const bits = readCount(setting.value);
      const twice = readSwitch(all.get("double_quant")) !== false;
      if (bits === 4) {
        draft.state(setting, "quantization.weights", twice ? "nf4-dq" : "nf4");
      } else if (bits === 8) {
        draft.state(setting, "quantization.weights", "int8");
      } else draft.leave(setting, "nothing is quantised");
    },
  },
  TUNE_RULE,
  FREEZE_RULE,
  {
    keys: ["grad_checkpoint"],
    fields: ["train.checkpointing"],
    values: "true → full",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on !== null) stateCheckpointing(setting, draft, on);
    },
  },
  switched("use_liger", "train.kernels", "liger"),
  maxPixelsRule("max_pixels", "image_max_pixels"),
  {
    keys: ["max_dynamic_patch"],
    fields: ["train.image_size", "train.images_per_sample"],
    values: "tiles of force_image_size, 448; one image a sample, assumed",
    read: (setting, draft, all) => {
      const tiles = countOf(setting, draft);
      if (tiles === null) return;
      if (draft.stated.has("model") && !isVisionModel(draft)) {
        return draft.leave(setting, "the model is not known to see images");
      }
      const side = readCount(all.get("force_image_size") ?? 448) ?? 448;
      const isWhole = readSwitch(all.get("dynamic_image_size")) !== true;
      const [short, long] = isWhole ? [1, 1] : gridOf(tiles);
      draft.assume(
        "train.image_size",
        [side * long, side * short],
        isWhole
          ? `dynamic_image_size is not set: one tile of ${side}`
          : `${setting.key} allows so many tiles of ${side}`,
      );
      assumeImage(draft, `${setting.key} is about images`);
    },
  },
  {
    keys: ["max_packed_tokens"],
    fields: ["train.sequence_length"],
    values: "with use_packed_ds",
    read: (setting, draft, all) => {
      if (readSwitch(all.get("use_packed_ds")) !== true) {
        draft.leave(setting, "use_packed_ds is not set");
      } else if (all.has("max_seq_length")) {
        draft.leave(setting, "max_seq_length says it");
      } else {
        counted(setting.key, "train.sequence_length").read(setting, draft, all);
      }
    },
  },
];

/** Keys of those scripts that decide no GPU memory. */
export const VISION_SCRIPT_NEUTRAL: readonly RegExp[] = [
  /^(?:meta_path|conv_style|conv_template|drop_path_rate|down_sample_ratio|ps_version|use_thumbnail|vision_select_layer|min_dynamic_patch|dynamic_image_size|force_image_size|pad2square|normalize_type|use_fast_tokenizer|use_data_resampling|split_annotations|loss_reduction(?:_all_gather)?|use_packed_ds|num_images_expected|max_buffer_size|log_freq|strict_mode|replacement|allow_overflow|min_num_frame|sampling_method|data_path|eval_data_path|image_folder|video_folder|lazy_preprocess|version|mm_(?:use_im_\w+|vision_select_\w+|projector_lr|projector_type|vision_tower_lr|patch_merge_type|newline_position)|image_aspect_ratio|image_grid_pinpoints|group_by_modality_length|tokenizer_name|tokenizer_revision|tokenizer_name_or_path|use_slow_tokenizer|with_tracking|preprocessing_num_workers|num_epochs|exp_name|dataset_use|data_flatten|merger_lr|vision_lr|lora_bias|lora_weight_path|lora_namespan_exclude|num_lora_modules|image_resized_\w+|disable_flash_attn2|add_special_tokens|append_concat_token|splits|conversation_template|validation_split_percentage|checkpointing_steps|keep_last_n_checkpoints|mixer_list|dataset_mixer_\w+|num_unique_prompts_rollout|total_episodes|pack_length|max_token_length|single_gpu_mode|add_bos|sft_messages_key|ground_truths_key|stop_strings|apply_\w+_reward|non_stop_penalty\w*|kl_estimator|num_mini_batches|local_eval_every|try_launch_\w+|no_try_launch_\w+|oe_eval_\w+|vllm_(?:num_engines|sync_backend|enforce_eager|enable_prefix_caching)|llm_judge_\w+|code_api_url|async_steps|inflight_updates|active_sampling|no_auto_dataset_cache)$/,
];
