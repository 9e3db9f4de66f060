import { isObject } from "../../scenario/fields.ts";
import { overrideValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";
import type { Draft } from "../reading/draft.ts";
import type { Format, Rule } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import {
  counted,
  countOf,
  modules,
  same,
  switched,
  switchOf,
  unexpressed,
} from "../reading/rules.ts";
import { shippedFile } from "../reading/shipped.ts";
import { readCount, readType } from "../reading/values.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { rolloutShareRule } from "../reading/vocabulary/rollout.ts";
import { maxPixelsRule, pixelsOfToken } from "../reading/vocabulary/vision.ts";
import SHIPPED from "./shipped.json" with { type: "json" };

const ACTOR = "worker.actor";

const GPUS: Rule = {
  keys: ["trainer.n_gpus_per_node", "trainer.nnodes"],
  fields: ["parallel.gpus"],
  values: "n_gpus_per_node × nnodes",
  read: (setting, draft, all) => {
    if (countOf(setting, draft) === null) return;
    const each = readCount(all.get("trainer.n_gpus_per_node") ?? 8) ?? 8;
    const nodes = readCount(all.get("trainer.nnodes") ?? 1) ?? 1;
    draft.state(setting, "parallel.gpus", each * nodes);
    if (nodes > 1) draft.state(setting, "parallel.gpus_per_node", each);
  },
};

const RULES: readonly Rule[] = [
  modelRule([`${ACTOR}.model.model_path`]),
  GPUS,
  counted("data.max_prompt_length", "train.prompt_tokens"),
  counted("data.max_response_length", "train.completion_tokens"),
  maxPixelsRule("data.max_pixels"),
  counted("worker.rollout.n", "train.generations"),
  counted(
    `${ACTOR}.micro_batch_size_per_device_for_update`,
    "train.micro_batch",
  ),
  rolloutShareRule("worker.rollout.gpu_memory_utilization"),
  {
    keys: ["algorithm.disable_kl"],
    fields: ["train.reference"],
    values: "true → none",
    read: (setting, draft) => {
      const off = switchOf(setting, draft);
      if (off) draft.state(setting, "train.reference", "none");
      else if (off === false) draft.leave(setting, "there is a reference");
    },
  },
  switched(
    `${ACTOR}.model.enable_gradient_checkpointing`,
    "train.checkpointing",
    "full",
    "none",
  ),
  {
    keys: [`${ACTOR}.model.lora.rank`],
    fields: ["train.method", "train.lora.rank"],
    values: "above 0 → lora",
    read: (setting, draft) => {
      const rank = readCount(setting.value);
      draft.fact(setting, "adapters", rank !== null);
      if (rank !== null) draft.state(setting, "train.lora.rank", rank);
    },
  },
  same(`${ACTOR}.model.lora.alpha`, "train.lora.alpha"),
  modules(`${ACTOR}.model.lora.target_modules`, "train.lora.targets"),
  {
    keys: [`${ACTOR}.model.freeze_vision_tower`],
    fields: ["train.trainable"],
    values: "true → all but vision_tower",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on !== true) return draft.leave(setting, "the tower trains");
      if (draft.facts.get("adapters")?.value === true) {
        return draft.leave(setting, "adapters train alone");
      }
      draft.state(setting, "train.trainable", [
        "language_model",
        "embeddings",
        "lm_head",
        "projector",
      ]);
    },
  },
  {
    keys: [`${ACTOR}.fsdp.torch_dtype`],
    fields: ["precision.weights"],
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type) draft.state(setting, "precision.weights", type);
      else draft.refuse(setting, "must be fp32, bf16 or fp16");
    },
  },
  {
    // AnyPrecisionAdamW: both moments in bf16.
    keys: [`${ACTOR}.optim.strategy`],
    fields: ["precision.optimizer_states"],
    values: "adamw_bf16 → bf16",
    read: (setting, draft) => {
      if (setting.value === "adamw_bf16") {
        draft.state(setting, "precision.optimizer_states", "bf16");
        draft.remark(
          "precision.optimizer_states",
          "bf16",
          "Kahan's compensation, two bytes a parameter more, is not counted",
        );
      } else draft.leave(setting, "AdamW, as it is taken");
    },
  },
  switched(
    `${ACTOR}.fsdp.enable_cpu_offload`,
    "engine.offload_parameters",
    "cpu",
  ),
  {
    keys: [`${ACTOR}.ulysses_size`],
    fields: ["parallel.cp", "parallel.cp_kind"],
    values: "of several, as ulysses",
    read: (setting, draft) => {
      const count = countOf(setting, draft);
      if (count === null) return;
      draft.state(setting, "parallel.cp", count);
      if (count > 1) draft.state(setting, "parallel.cp_kind", "ulysses");
    },
  },
];

/** `python3 -m verl.trainer.main config=FILE a.b=c`. */
const easyR1Command: CommandReader = ({ kind, name, args }) => {
  if (kind !== "module" || name !== "verl.trainer.main") return null;
  const { config, ...values } = overrideValues(args);
  return {
    values,
    ...(typeof config === "string" ? { file: config } : {}),
  };
};

/** EasyR1's settings: verl/trainer/config.py and verl/workers/config.py there. */
export const easyR1File: Format = {
  id: "easyr1",
  title: "EasyR1",
  kind: "mapping",
  command: easyR1Command,
  shipped: (path) => shippedFile(SHIPPED, path, "examples"),
  recognises: ({ worker, trainer }) => isObject(worker) && isObject(trainer),
  rules: RULES,
  unexpressed: [
    unexpressed(
      [
        `${ACTOR}.offload.offload_params`,
        `${ACTOR}.offload.offload_optimizer`,
        "worker.ref.offload.offload_params",
        "worker.ref.fsdp.enable_cpu_offload",
      ],
      "they wait on the host between phases, and lie on the GPU in the update",
      false,
    ),
  ],
  neutral: [
    anyKeyOf(
      KEY_END.section,
    )`data algorithm trainer worker\.(?:rollout|reward|ref)`,
    /^worker\.actor\.(?:global_batch|micro_batch_size_per_device_for_exp|max_grad|padding_free|dynamic_batching|optim|clip_|loss_|model\.(?:trust|lora\.exclude)|fsdp\.(?:enable_|mp_)|use_torch_compile)/,
  ],
  finish: finishEasyR1,
};

/** What EasyR1 does where nothing says otherwise. */
function finishEasyR1(draft: Draft): void {
  draft.assume("engine.name", "fsdp", "workers shard by FSDP");
  // verl/workers/fsdp_workers.py: what trains is loaded in fp32.
  draft.assume(
    "precision.weights",
    "fp32",
    "torch_dtype is fp32 of what trains",
  );
  draft.assume("precision.autocast", "bf16", "mp_param_dtype is bf16");
  draft.assume("train.checkpointing", "full", "it is on by default");
  draft.assume("train.attention", "flash", "padding_free needs it");
  draft.assume("train.objective", "grpo", "the trainer scores completions");
  draft.assume("train.rollout.engine", "vllm", "workers generate with vLLM");
  draft.assume("train.rollout.sleep", true, "vLLM sleeps in the update");
  draft.assume("parallel.gpus", 8, "n_gpus_per_node is 8 by default");
  if (!draft.facts.has("adapters")) {
    draft.facts.set("adapters", { value: false, key: "lora.rank" });
    draft.remark("train.method", "full", "lora.rank is 0 by default");
  }
  for (const part of ["prompt", "completion"]) {
    draft.assume(`train.${part}_tokens`, 512, "it is 512 by default");
  }
  draft.assume(
    "train.sequence_length",
    Number(draft.valueAt("train.prompt_tokens")) +
      Number(draft.valueAt("train.completion_tokens")),
    "a prompt and its completion",
  );
  fitImage(draft);
}

/** Prompts that are too long are left out, and so are images that fill them. */
function fitImage(draft: Draft): void {
  const pixels = pixelsOfToken(draft);
  const allowed = Number(draft.valueAt("train.image_max_pixels"));
  const prompt = Number(draft.valueAt("train.prompt_tokens"));
  if (pixels === null || !(allowed > 0) || !(prompt > 1)) return;
  const fitting = Math.floor(prompt / 2) * pixels;
  if (fitting >= allowed) return;
  const side = Math.max(1, Math.floor(Math.sqrt(fitting)));
  draft.assume(
    "train.image_size",
    [side, side],
    "an image of half a prompt: longer prompts are filtered out",
  );
}
