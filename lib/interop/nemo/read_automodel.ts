import { isObject } from "../../scenario/fields.ts";
import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  counted,
  countedFact,
  loadedIn,
  modules,
  same,
  switched,
  unexpressed,
} from "../reading/rules.ts";
import { readCount, readNames, readSwitch } from "../reading/values.ts";
import { attentionRule } from "../reading/vocabulary/attention.ts";
import { stateModel } from "../reading/vocabulary/model.ts";
import { isVisionModel } from "../reading/vocabulary/vision.ts";
import { stateOptimizer } from "../reading/vocabulary/optimizer_names.ts";

/** Strategies by the engines of a Scenario. */
const STRATEGIES: Readonly<Record<string, string>> = {
  fsdp2: "fsdp2",
  ddp: "ddp",
  megatron_fsdp: "fsdp2",
};

/** What both spellings of a way to share the work have before them. */
const inDistributed = (name: string): string => `distributed.${name}`;

/**
 * Names with stars, matched against whole names: nemo_automodel/components/_peft/
 * module_matcher.py, wildcard_match.
 */
const TARGETS_RULE: Rule = {
  keys: ["peft.target_modules"],
  fields: ["train.lora.targets"],
  values: "names; * stands for any text",
  read: (setting, draft, all) => {
    const names = readNames(setting.value);
    if (names === null || !names.some((name) => name.includes("*"))) {
      return modules(setting.key, "train.lora.targets").read(
        setting,
        draft,
        all,
      );
    }
    const patterns = names.map((name) =>
      name.includes("*")
        ? name.split(/\.?\*/).map((part) => part.replaceAll(".", "\\."))
          .join(".*")
        : `(?:.*\\.)?${name.replaceAll(".", "\\.")}`
    );
    draft.state(
      setting,
      "train.lora.targets",
      names.includes("*") ? "all-linear" : patterns.join("|"),
    );
  },
};

const RULES: readonly Rule[] = [
  {
    keys: ["model.pretrained_model_name_or_path"],
    fields: ["model"],
    read: stateModel,
  },
  loadedIn(["model.torch_dtype"]),
  attentionRule(["model.attn_implementation"]),
  counted("step_scheduler.local_batch_size", "train.micro_batch"),
  countedFact("step_scheduler.global_batch_size", "global_batch", [
    "train.gradient_accumulation",
  ]),
  {
    keys: ["packed_sequence.packed_sequence_size", "dataset.seq_length"],
    fields: ["train.sequence_length"],
    values: "the packs' length, where there are any",
    read: (setting, draft) => {
      const count = readCount(setting.value);
      if (count === null) draft.leave(setting, "nothing is packed");
      else if (!draft.stated.has("train.sequence_length")) {
        draft.state(setting, "train.sequence_length", count);
      } else draft.leave(setting, "the packs have a length");
    },
  },
  {
    keys: ["peft.dim"],
    fields: ["train.method", "train.lora.rank"],
    read: (setting, draft, all) => {
      draft.fact(setting, "adapters", true);
      same("peft.dim", "train.lora.rank").read(setting, draft, all);
    },
  },
  same("peft.alpha", "train.lora.alpha"),
  same("peft.dropout", "train.lora.dropout"),
  switched("peft.match_all_linear", "train.lora.targets", "all-linear"),
  TARGETS_RULE,
  {
    keys: [inDistributed("strategy"), inDistributed("_target_")],
    fields: ["engine.name"],
    values: "fsdp2, ddp, megatron_fsdp",
    read: (setting, draft) => {
      const text = plainText(setting.value);
      const name = /\.DDP/.test(text)
        ? "ddp"
        : /FSDP/.test(text)
        ? "fsdp2"
        : text;
      const known = Object.hasOwn(STRATEGIES, name) ? STRATEGIES[name] : null;
      if (known) draft.state(setting, "engine.name", known);
      else draft.refuse(setting, "must be fsdp2, ddp or megatron_fsdp");
    },
  },
  ...(["tp", "cp", "pp", "ep"] as const).map((axis): Rule => ({
    keys: [inDistributed(`${axis}_size`)],
    fields: [`parallel.${axis}`],
    read: (setting, draft) => {
      const count = readCount(setting.value);
      if (count !== null) draft.state(setting, `parallel.${axis}`, count);
      else draft.leave(setting, "left to the tool");
    },
  })),
  {
    keys: [inDistributed("dp_size")],
    fields: ["parallel.gpus"],
    values: "× tp_size × cp_size × pp_size; none → what there is",
    read: (setting, draft, all) => {
      const sizes = ["dp", "tp", "cp", "pp"].map((axis) =>
        readCount(all.get(inDistributed(`${axis}_size`)) ?? 1)
      );
      const gpus = sizes.reduce<number | null>(
        (product, size) =>
          product === null || size === null ? null : product * size,
        1,
      );
      if (gpus === null) draft.leave(setting, "the GPUs that there are");
      else draft.state(setting, "parallel.gpus", gpus);
    },
  },
  {
    keys: ["freeze_config"],
    fields: ["train.trainable"],
    values: "freeze_vision_tower and freeze_language_model → what is left",
    read: (setting, draft, all) => {
      // components/utils/model_utils.py: the tower is frozen unless it says no.
      const frozen = (name: string): boolean =>
        readSwitch(all.get(`freeze_config.freeze_${name}`)) ??
          name === "vision_tower";
      if (all.has("peft")) return draft.leave(setting, "adapters train alone");
      if (!isVisionModel(draft)) {
        return draft.leave(setting, "the model is not known to see images");
      }
      const tower = frozen("vision_tower");
      const language = frozen("language_model");
      if (!tower && !language) return draft.leave(setting, "nothing is frozen");
      draft.state(setting, "train.trainable", [
        ...language ? [] : ["language_model"],
        ...frozen("embeddings") || language ? [] : ["embeddings"],
        ...language ? [] : ["lm_head"],
        ...tower ? [] : ["vision_tower"],
        "projector",
      ]);
    },
  },
  switched(
    inDistributed("activation_checkpointing"),
    "train.checkpointing",
    "full",
    "none",
  ),
  {
    keys: ["optimizer._target_"],
    fields: ["optimizer.name"],
    values: "torch.optim.AdamW and its kin",
    read: (setting, draft) => {
      const name = plainText(setting.value).split(".").at(-1)?.toLowerCase();
      stateOptimizer({ ...setting, value: name }, draft);
    },
  },
];

/** NeMo AutoModel's YAML: a model of the Hub, FSDP2, PEFT. */
export const automodelFile: Format = {
  id: "nemo-automodel",
  title: "NeMo AutoModel",
  kind: "mapping",
  recognises: ({ step_scheduler, model }) =>
    isObject(step_scheduler) && isObject(model),
  rules: RULES,
  unexpressed: [
    unexpressed(
      ["fp8", "quantization", "compile", "teacher_model"],
      "no field says it",
    ),
    unexpressed("loss_fn", "the loss is estimated on whole scores"),
  ],
  neutral: [
    anyKeyOf(KEY_END.section)`
    rng dist_env dataset validation_dataset dataloader validation_dataloader
    checkpoint wandb mlflow clip_grad_norm lr_scheduler recipe tokenizer
    packed_sequence comet nsys ci processor seed launcher slurm
  `,
    /^(?:step_scheduler|optimizer)\./,
    /^model\.(?:_target_|use_liger|trust_remote|is_meta|text_config|output_hidden_states|use_sdpa_patching)/,
    /^model\.backend\.(?:_target_|rms_norm|linear|experts|dispatcher|rope_fusion|fake_balanced_gate|enable_)/,
    /^peft\.(?:_target_|use_triton|exclude|lora_A)/,
    /^distributed\.(?:sequence_parallel|dp_replicate|defer_fsdp|pipeline\.(?:scale_grads|patch_|round_virtual))/,
  ],
  finish: finishAutomodel,
};

/** What AutoModel does where its file does not say. */
function finishAutomodel(draft: Draft, all: FileSettings): void {
  draft.assume("engine.name", "fsdp2", "AutoModel shards by FSDP2");
  draft.assume("train.attention", "sdpa", "sdpa where no kernel is named");
  if (!draft.facts.has("loaded")) {
    draft.assume("precision.weights", "bf16", "models are loaded in bf16");
  }
  if (!all.has("peft")) draft.assume("train.method", "full", "no peft");
}
