import type { Unexpressed } from "../../format.ts";
import { anyKeyOf } from "../../key_patterns.ts";
import { unexpressed } from "../../rules.ts";

/** Flags that move memory and have no field, or none that says all. */
export const MEGATRON_UNEXPRESSED: readonly Unexpressed[] = [
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
];

/** Flags that decide no memory of a training step. */
export const MEGATRON_NEUTRAL: readonly RegExp[] = [
  anyKeyOf()`
    inference rl- grpo langrl perform-rl dino fim- bert biencoder block-data
    retriever titles ict indexer query-in evidence vision img num-c classes
    mask- short-seq otel ft- yarn mscale relative mid-level object-storage
    phase run-workload decode-only enable-msc disable-msc fake max-tokens
    refit onnx allow patch output-bert quick- min- kitchen num-speculative
    data train valid test split mock vocab-file merge-file tokenizer save load
    no-load no-save log eval exit tensorboard wandb timing seed lr min-lr
    decoupled weight adam sgd muon- lion- clip init norm layernorm position
    rotary rope use-rotary use-rope no-rope no-position attention-dropout
    hidden-dropout attention-softmax apply qk-layernorm add-qkv disable-bias
    add-bias no-bias no-masked masked no-persist bias use-mcore use-legacy
    moe- overlap no-overlap num-workers dataloader reset eod no-create
    distributed master node rdzv max-restarts standalone manual-gc ckpt
    use-dist dist-ckpt async auto-detect override finetune calc calculate
    check no-check profile use-pytorch record loss-scale initial hysteresis
    one-logger no-one enable-one app adlr use-cpu-init sample iter
    start-weight end-weight squared openai quick window swin no- use-tp-pp-dp
    log- local tee role monitor module cp-comm fp8- kv- cuda- create context
    untie tiktoken sft legacy ffn num-dataset attention-output attn te-
    embedding per- result straggler enable-ft rerun error inprocess
    ddp-average ddp- align pretrained dump verbosity head micro hidden grad
    enable-experimental export force use-fused return warmup use-
  `,
];
