import type { Unexpressed } from "../../format.ts";
import { anyKeyOf } from "../../key_patterns.ts";
import { unexpressed } from "../../rules.ts";

/** Flags that move memory and have no field, or none that says all. */
export const MEGATRON_UNEXPRESSED: readonly Unexpressed[] = [
  unexpressed("fp4-format", "computing in fp4 is not known"),
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
      "main-params-dtype",
      "optimizer-offload-fraction",
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
      "overlap-moe-expert-parallel-comm",
      "overlap-dispatch-backward-with-experts-wgrad",
      "overlap-param-gather-with-optimizer-step",
      "moe-latent-size",
      "moe-paged-stash",
      "moe-expert-rank-capacity-factor",
      "use-layer-wise-distributed-optimizer",
      "use-transformer-engine-op-fuser",
      "fp8-dot-product-attention",
      "fp8-output-proj",
      "fp8-wgrad",
      "window-size",
      "extra-vocab-size",
      "reuse-fp32-param",
      "swap-optimizer",
      "swap-attention",
      "noop-layers",
      "num-layer-list",
      "first-k-dense-replace",
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
    retriever titles ict indexer query-in evidence vision img classes mask-
    short-seq otel ft- yarn mscale relative mid-level object-storage phase
    run-workload decode-only enable-msc disable-msc fake max-tokens refit onnx
    allow patch output-bert quick- min- kitchen num-speculative data train valid
    test split mock vocab-file merge-file tokenizer save load no-load no-save
    log eval exit tensorboard wandb timing seed lr min-lr decoupled weight adam
    sgd muon- lion- clip init norm layernorm position rotary rope use-rotary
    use-rope no-rope no-position attention-dropout hidden-dropout
    attention-softmax apply qk-layernorm add-qkv disable-bias add-bias no-bias
    no-masked masked no-persist bias use-mcore use-legacy no-overlap num-workers
    dataloader reset eod no-create distributed master node rdzv max-restarts
    standalone manual-gc ckpt use-dist dist-ckpt async auto-detect override
    finetune calc calculate check no-check profile use-pytorch record loss-scale
    initial hysteresis one-logger no-one enable-one app adlr use-cpu-init sample
    iter start-weight end-weight squared openai quick use-tp-pp-dp log- local
    tee role monitor module cp-comm kv- create untie tiktoken legacy ffn
    num-dataset attn embedding result straggler enable-ft rerun error inprocess
    ddp-average ddp- align pretrained dump verbosity enable-experimental export
    force return moe-aux moe-z-loss moe-router-(?!topk$) moe-grouped-gemm
    moe-token moe-permute moe-enable-deepep moe-deepep moe-per-layer
    moe-input-jitter moe-shared-expert-overlap moe-flex moe-hybridep
    moe-routing-trace moe-use-upcycling moe-upcycling moe-combine
    moe-dispatch-fwd fp8-amax fp8-interval fp8-margin fp8-multi-head grad-norm
    grad-scale grad-sync gradient-reduce microbatch-group head-lr per-dataset
    per-split te-rng te-precision overlap-p2p overlap-param-gather overlap-cpu
    use-checkpoint-opt use-flashinfer use-gloo use-mp-args use-mup use-nsys
    use-one use-persistent use-ring use-same use-sharp use-te-rng
    use-te-activation use-tokenizer use-tp-pp use-distributed-checkpoint
    use-gigatoken use-mamba-mem use-fused-rotary use-fused-rmsnorm
    use-fused-swiglu no-align no-data no-gradient-reduce no-initialization
    no-mmap no-pin no-query no-scatter no-sync no-use-layer no-weight no-yarn
    no-shuffle no-shared no-pad no-async num-classes num-channels sft$
    sft-tokenizer warmup batch-invariant batch-p2p deterministic filter-warnings
    flight-recorder full-validation fully-parallel mtp-loss non-persistent
    null-tokenizer nvtx original-max profiling replication runtime-time
    set-level skip-train soap special-tokens start-eval throughput timers
    trust-remote vocab-extra wd-incr wsd variable-seq mrope temperature top-p
    top-k out-seq max-padding epochs keep-last beta-fast beta-slow prompt-type
    handler-name is-instruction task genfile greedy num-samples persist-layer
    perform-initialization distrib-optim disable-gloo disable-straggler
    disable-bf16-reduced disable-symmetric nccl-communicator high-priority
    config-logger gpu-sniff memory-snapshot cuda-graph-warmup
  `,
];
