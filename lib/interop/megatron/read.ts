import type { Draft } from "../draft/draft.ts";
import type { Format, Rule, Settings } from "../draft/format.ts";
import { assumeMegatronModel, MEGATRON_MODEL } from "./model.ts";
import {
  chosen,
  counted,
  countedFact,
  countOf,
  switched,
  switchOf,
  unexpressed,
} from "../draft/rules.ts";
import { stateOptimizer } from "../names/optimizer_names.ts";
import { UNSET } from "../shell/variables.ts";
import { readCount, readType } from "../draft/values.ts";
import { plainText } from "../draft/plain_text.ts";

const RULES: readonly Rule[] = [
  ...MEGATRON_MODEL,
  counted("seq-length", "train.sequence_length"),
  counted("micro-batch-size", "train.micro_batch"),
  countedFact("global-batch-size", "global_batch", [
    "train.gradient_accumulation",
  ]),
  {
    keys: ["nproc-per-node"],
    fields: ["parallel.gpus"],
    values: "× --nnodes",
    read: (setting, draft, all) => {
      const count = countOf(setting, draft);
      const nodes = readCount(all.get("nnodes") ?? 1);
      if (count === null) return;
      if (nodes === null) {
        draft.refuse(
          { key: "nnodes", value: all.get("nnodes") },
          "must be a whole number above 0",
        );
      } else {
        draft.state(setting, "parallel.gpus", count * nodes);
        if (nodes > 1) draft.state(setting, "parallel.gpus_per_node", count);
      }
    },
  },
  {
    keys: ["nnodes"],
    fields: ["parallel.gpus"],
    read: (setting, draft, all) => {
      if (!all.has("nproc-per-node")) {
        draft.leave(setting, "--nproc_per_node is not given", true);
      }
    },
  },
  counted("tensor-model-parallel-size", "parallel.tp"),
  counted("pipeline-model-parallel-size", "parallel.pp"),
  counted("context-parallel-size", "parallel.cp"),
  counted("expert-model-parallel-size", "parallel.ep"),
  switched("sequence-parallel", "parallel.sequence_parallel", true, false),
  {
    keys: ["num-layers-per-virtual-pipeline-stage"],
    fields: ["parallel.virtual_pipeline"],
    values: "layers ÷ pp ÷ it",
    read: (setting, draft, all) => {
      const count = countOf(setting, draft);
      const layers = readCount(all.get("num-layers"));
      const pp = readCount(all.get("pipeline-model-parallel-size") ?? 1);
      if (count === null || layers === null || pp === null) return;
      const chunks = layers / pp / count;
      if (Number.isInteger(chunks)) {
        draft.state(setting, "parallel.virtual_pipeline", chunks);
      } else {
        draft.refuse(
          setting,
          `must divide the ${layers / pp} layers of a stage`,
        );
      }
    },
  },
  counted("num-virtual-stages-per-pipeline-rank", "parallel.virtual_pipeline"),
  {
    keys: ["bf16", "fp16"],
    fields: ["precision.weights", "precision.gradients"],
    values: "the type, with fp32 gradients and master weights",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "precision.weights", setting.key);
      }
    },
  },
  {
    keys: ["grad-reduce-in-bf16"],
    fields: ["precision.gradients"],
    values: "given → bf16 gradients",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "precision.gradients", null);
      }
    },
  },
  {
    keys: ["accumulate-allreduce-grads-in-fp32"],
    fields: ["precision.gradients"],
    values: "given → fp32",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "precision.gradients", "fp32");
      }
    },
  },
  {
    keys: ["main-grads-dtype"],
    fields: ["precision.gradients"],
    values: "fp32; bf16 → as the parameters",
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type === null) draft.refuse(setting, "must be fp32 or bf16");
      else {
        draft.state(
          setting,
          "precision.gradients",
          type === "fp32" ? "fp32" : null,
        );
      }
    },
  },
  {
    keys: ["exp-avg-dtype", "exp-avg-sq-dtype"],
    fields: ["precision.optimizer_states"],
    values: "fp32, bf16",
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type === "fp32" || type === "bf16") {
        draft.state(setting, "precision.optimizer_states", type);
      } else {
        draft.leave(setting, "states are fp32 or bf16 in a scenario", true);
      }
    },
  },
  switched("use-distributed-optimizer", "engine.distributed_optimizer", true),
  switched("optimizer-cpu-offload", "engine.offload_optimizer", "cpu"),
  switched("recompute-activations", "train.checkpointing", "selective"),
  chosen("recompute-granularity", "train.checkpointing", {
    full: "full",
    selective: "selective",
  }),
  switched("checkpoint-activations", "train.checkpointing", "full"),
  switched("use-flash-attn", "train.attention", "flash"),
  {
    keys: ["attention-backend"],
    fields: ["train.attention"],
    values:
      "flash, fused → flash; unfused, local → eager; auto → flash, assumed",
    read: (setting, draft) => {
      const name = plainText(setting.value).split(".").at(-1);
      if (name === "flash" || name === "fused") {
        draft.state(setting, "train.attention", "flash");
      } else if (name === "unfused" || name === "local") {
        draft.state(setting, "train.attention", "eager");
      } else if (name === "auto") {
        draft.assume("train.attention", "flash", "--attention-backend is auto");
      } else {draft.refuse(
          setting,
          "must be flash, fused, unfused, local or auto",
        );}
    },
  },
  {
    keys: ["optimizer"],
    fields: ["optimizer.name"],
    values: "adam → adamw, sgd, muon …",
    read: (setting, draft) =>
      stateOptimizer(
        setting,
        draft,
        setting.value === "adam" ? "adamw" : plainText(setting.value),
      ),
  },
  {
    keys: ["use-torch-fsdp2"],
    fields: ["engine.name"],
    values: "given → fsdp2",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "engine.name", "fsdp2");
      }
    },
  },
];

/** Megatron-LM's command line, in a shell script or alone. */
export const megatron: Format = {
  id: "megatron",
  title: "Megatron-LM",
  kind: "shell",
  recognises: (flags) =>
    [
      "micro-batch-size",
      "tensor-model-parallel-size",
      "num-layers",
      "global-batch-size",
      "pipeline-model-parallel-size",
    ]
      .some((flag) => flag in flags),
  rules: RULES.map(withVariables),
  unexpressed: [
    unexpressed(
      [
        "fp8-format",
        "fp8-param-gather",
        "fp8-recipe",
        "fp4-format",
        "fp8-hybrid",
        "fp8-e4m3",
      ],
      "computing and keeping parameters in fp8 is not known",
    ),
    unexpressed(
      [
        "recompute-method",
        "recompute-num-layers",
        "recompute-modules",
        "distribute-saved-activations",
        "fine-grained-activation-offloading",
        "offload-modules",
        "cpu-offloading",
        "cpu-offloading-num-layers",
      ],
      "which layers and modules are recomputed or offloaded has no field",
    ),
    unexpressed(
      [
        "use-megatron-fsdp",
        "use-custom-fsdp",
        "data-parallel-sharding-strategy",
        "num-distributed-optimizer-instances",
        "outer-dp-sharding-strategy",
        "fsdp-double-buffer",
      ],
      "Megatron-LM's own sharding is not known",
    ),
    unexpressed(
      [
        "expert-tensor-parallel-size",
        "moe-layer-freq",
        "moe-expert-capacity-factor",
        "moe-pad-expert-input-to-capacity",
        "moe-layer-recompute",
        "multi-latent-attention",
        "q-lora-rank",
        "kv-lora-rank",
        "qk-head-dim",
        "v-head-dim",
        "mtp-num-layers",
        "heterogeneous-layers-config-path",
        "hybrid-layer-pattern",
        "hybrid-override-pattern",
        "spec",
        "transformer-impl",
        "encoder-num-layers",
        "decoder-num-layers",
        "decoder-first-pipeline-num-layers",
        "decoder-last-pipeline-num-layers",
        "pipeline-model-parallel-layout",
        "account-for-embedding-in-pipeline-split",
        "account-for-loss-in-pipeline-split",
      ],
      "dimensions of a model do not say it",
    ),
    unexpressed(
      [
        "use-precision-aware-optimizer",
        "main-params-dtype",
        "optimizer-offload-fraction",
        "cross-entropy-loss-fusion",
        "cross-entropy-fusion-impl",
        "fp16-lm-cross-entropy",
        "tp-comm-overlap",
        "ddp-bucket-size",
        "ddp-num-buckets",
        "use-nccl-ub",
        "freeze-all-layers",
        "torch-fsdp2-no-reshard-after-forward",
        "output-logit-dtype",
        "linear-attention-freq",
        "cache-mla-latents",
        "qk-pos-emb-head-dim",
        "reuse-grad-buf-for-mxfp8-param-ag",
        "keep-fp8-transpose-cache",
        "suggested-communication-unit-size",
        "enable-cuda-graph",
        "external-cuda-graph",
        "cuda-graph-impl",
        "empty-unused-memory-level",
        "no-gradient-accumulation-fusion",
        "delay-wgrad-compute",
        "model-parallel-size",
        "yaml-cfg",
        "use-checkpoint-args",
      ],
      "no field says it",
    ),
    unexpressed(
      ["rampup-batch-size", "step-batch-size-schedule"],
      "the full batch is estimated",
      false,
    ),
  ],
  neutral: [
    /^(?:inference|rl-|grpo|langrl|perform-rl|dino|fim-|bert|biencoder|block-data|retriever|titles|ict|indexer|query-in|evidence|vision|img|num-c|classes|mask-|short-seq|otel|ft-|yarn|mscale|relative|mid-level|object-storage|phase|run-workload|decode-only|enable-msc|disable-msc|fake|max-tokens|refit|onnx|allow|patch|output-bert|quick-|min-|kitchen|num-speculative|data|train|valid|test|split|mock|vocab-file|merge-file|tokenizer|save|load|no-load|no-save|log|eval|exit|tensorboard|wandb|timing|seed|lr|min-lr|decoupled|weight|adam|sgd|muon-|lion-|clip|init|norm|layernorm|position|rotary|rope|use-rotary|use-rope|no-rope|no-position|attention-dropout|hidden-dropout|attention-softmax|apply|qk-layernorm|add-qkv|disable-bias|add-bias|no-bias|no-masked|masked|no-persist|bias|use-mcore|use-legacy|moe-|overlap|no-overlap|num-workers|dataloader|reset|eod|no-create|distributed|master|node|rdzv|max-restarts|standalone|manual-gc|ckpt|use-dist|dist-ckpt|async|auto-detect|override|finetune|calc|calculate|check|no-check|profile|use-pytorch|record|loss-scale|initial|hysteresis|one-logger|no-one|enable-one|app|adlr|use-cpu-init|sample|iter|start-weight|end-weight|squared|openai|quick|window|swin|no-|use-tp-pp-dp|log-|local|tee|role|monitor|module|cp-comm|fp8-|kv-|cuda-|create|context|untie|tiktoken|sft|legacy|ffn|num-dataset|attention-output|attn|te-|embedding|per-|result|straggler|enable-ft|rerun|error|inprocess|ddp-average|ddp-|align|pretrained|dump|verbosity|head|micro|hidden|grad|enable-experimental|export|force|use-fused|return|warmup|use-)/,
  ],
  finish: finishMegatron,
};

/** Names a variable that the script does not set, where a rule needs it. */
function withVariables(rule: Rule): Rule {
  return {
    ...rule,
    read: (setting, draft, all) => {
      const text = plainText(setting.value);
      const flag = `--${setting.key}`;
      if (text.includes(UNSET)) {
        const name = text.slice(text.indexOf(UNSET) + 1).split(/\s/)[0]
          ?.slice(0, 60) ?? "";
        // A tokenizer's path is often given from outside, and only helps.
        if (setting.key.startsWith("tokenizer")) {
          return draft.leave(
            { ...setting, value: text.replaceAll(UNSET, "$") },
            `$${name} is not set in the text`,
          );
        }
        draft.problems.push({
          path: setting.key,
          message:
            `${flag} is $${name}, which the text does not set: add a line that sets it`,
        });
        return;
      }
      rule.read(setting, draft, all);
    },
  };
}

function finishMegatron(draft: Draft, all: Settings): void {
  for (const left of draft.ignored) {
    left.value = left.value.replaceAll("\\u0001", "$");
  }
  draft.assume("engine.name", "megatron", "the flags are Megatron-LM's");
  draft.assume(
    "software.model_code",
    "megatron",
    "the flags are Megatron-LM's",
  );
  draft.assume("train.attention", "flash", "the attention backend is auto");
  assumeMegatronModel(draft, all);
  if (!all.has("bf16") && !all.has("fp16")) {
    draft.assume(
      "precision.weights",
      "fp32",
      "neither --bf16 nor --fp16 given",
    );
  } else if (!all.has("grad-reduce-in-bf16") && all.has("bf16")) {
    draft.assume(
      "precision.gradients",
      "fp32",
      "--bf16 accumulates gradients in fp32",
    );
  }
  if (!all.has("use-distributed-optimizer")) {
    draft.assume(
      "engine.distributed_optimizer",
      false,
      "--use-distributed-optimizer is not given",
    );
  }
}
