import type { Unexpressed } from "../reading/format.ts";
import { anyKeyOf } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";

/** Flags that move memory and have no field. */
export const SGLANG_UNEXPRESSED: readonly Unexpressed[] = [
  unexpressed(
    ["max-mamba-cache-size", "mamba-full-memory-ratio"],
    "a pool of so many slots has no field",
  ),
  unexpressed(
    [
      "cuda-graph-max-bs",
      "cuda-graph-bs",
      "cuda-graph-max-bs-decode",
      "cuda-graph-bs-decode",
      "cuda-graph-max-bs-prefill",
      "cuda-graph-bs-prefill",
      "cuda-graph-config",
      "cuda-graph-backend-decode",
      "cuda-graph-backend-prefill",
      "disable-prefill-cuda-graph",
      "disable-decode-cuda-graph",
      "disable-cuda-graph-padding",
      "enable-torch-compile",
      "torch-compile-max-bs",
    ],
    "which CUDA graphs are captured has no field",
  ),
  unexpressed(
    [
      "enable-dp-attention",
      "moe-a2a-backend",
      "deepep-mode",
      "enable-two-batch-overlap",
      "enable-eplb",
      "ep-num-redundant-experts",
      "moe-dense-tp-size",
      "attn-cp-size",
      "dcp-size",
      "enable-symm-mem",
    ],
    "what it takes is not known",
  ),
  unexpressed(
    ["cpu-offload-gb", "offload-group-size"],
    "weights on the host are not known",
  ),
  unexpressed(
    [
      "enable-hierarchical-cache",
      "hicache-ratio",
      "hicache-size",
      "enable-lmcache",
    ],
    "it lies on the host",
    false,
  ),
  unexpressed(
    [
      "json-model-override-args",
      "enable-multimodal",
      "disable-hybrid-swa-memory",
      "enable-unified-memory",
      "torchao-config",
      "lora-target-modules",
      "disaggregation-mode",
      "attention-backend",
      "mamba-ssm-dtype",
      "speculative-algorithm",
      "speculative-num-steps",
      "speculative-eagle-topk",
      "speculative-num-draft-tokens",
      "speculative-draft-model-quantization",
      "language-only",
    ],
    "no field says it",
  ),
];

/** Flags that decide no memory. */
export const SGLANG_NEUTRAL: readonly RegExp[] = [
  anyKeyOf()`
    host$ port$ api- admin- served-model chat-template tool reasoning
    trust-remote tokenizer skip-tokenizer load-format model-loader download-dir
    revision random-seed log- show- enable-metrics enable-request enable-cache
    enable-log enable-deterministic enable-mixed enable-custom enable-p2p
    enable-nccl enable-flashinfer enable-lora lora-paths lora-backend
    lora-eviction max-loaded-loras max-prefill-tokens max-queued schedule-
    stream- watchdog dist- nnodes node-rank nccl- base-gpu gpu-id constrained
    grammar sampling- disable-overlap disable-custom disable-outlines
    disable-shared disable-chunked disable-flashinfer disable-fast
    prefill-attention decode-attention mm- fp8-gemm moe-runner init-expert
    num-continuous num-reserved bucket- crash- collect- decode-log
    completion-template file-storage warmups device$ is-embedding
    triton-attention flashinfer ssl- skip-server allow-auto ep-dispatch
    weight- custom- radix-eviction kv-events retraction preferred sleep-
    incremental gc- uvicorn fastapi prefill-round enable-nan enable-memory
    disaggregation- cuda-graph-gc preferred-sampling hf-
  `,
];
