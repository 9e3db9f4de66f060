import type { Unexpressed } from "../reading/format.ts";
import { anyKeyOf } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";

/** Flags that move memory and have no field. */
export const VLLM_UNEXPRESSED: readonly Unexpressed[] = [
  unexpressed(
    ["cpu-offload-gb", "cpu-offload-params", "offload-group-size"],
    "weights on the host are not known",
  ),
  unexpressed(
    [
      "compilation-config",
      "cc",
      "O",
      "cuda-graph-sizes",
      "cudagraph-capture-sizes",
      "max-cudagraph-capture-size",
      "performance-mode",
    ],
    "which CUDA graphs are captured has no field",
  ),
  unexpressed(
    [
      "limit-mm-per-prompt",
      "mm-processor-kwargs",
      "mm-encoder-tp-mode",
      "skip-mm-profiling",
      "language-model-only",
    ],
    "what images take has no field",
  ),
  unexpressed(
    [
      "hf-overrides",
      "rope-scaling",
      "rope-theta",
      "config",
      "additional-config",
    ],
    "a file or settings of the model's own have no field",
  ),
  unexpressed(
    [
      "num-gpu-blocks-override",
      "mamba-cache-dtype",
      "mamba-ssm-cache-dtype",
      "mamba-block-size",
      "fully-sharded-loras",
      "lora-dtype",
      "kv-transfer-config",
      "kv-offloading-size",
      "enable-dbo",
      "enable-eplb",
      "eplb-config",
      "num-redundant-experts",
      "decode-context-parallel-size",
      "dcp",
      "prefill-context-parallel-size",
      "pcp",
      "data-parallel-size-local",
      "dpl",
      "max-num-partial-prefills",
      "async-scheduling",
      "attention-backend",
      "logits-processors",
    ],
    "no field says it",
  ),
  unexpressed(
    ["swap-space", "max-cpu-loras", "mm-processor-cache-gb"],
    "it lies on the host",
    false,
  ),
];

/** Flags that decide no memory. */
export const VLLM_NEUTRAL: readonly RegExp[] = [
  anyKeyOf()`
    host$ port$ api- ssl- uvicorn- root-path served-model model-name model-id chat-template tool
    enable-auto-tool enable-tokenizer enable-server enable-request enable-prompt
    enable-log enable-force reasoning response-role return-tokens trust-remote
    allowed- allow- download-dir load-format tokenizer revision code-revision
    hf-token hf-config seed disable-log disable-uvicorn disable-fastapi
    disable-frontend disable-custom-all disable-cascade generation-config
    override-generation lora-modules lora-extra default- max-log max-logprobs
    logprobs middleware distributed-executor distributed-timeout worker-cls
    worker-extension scheduling-policy scheduler-cls runner convert task$ otlp-
    collect- show-hidden enable-chunked-prefill no-enable-chunked ray- headless
    data-parallel-a data-parallel-r data-parallel-b data-parallel-h
    data-parallel-e data-parallel-s node- nnodes master- numa kv-events
    calculate-kv prefix-caching-hash guided- structured- log- use-tqdm
    interleave-mm media-io model-impl model-loader pooler prefill-schedule
    stream-interval tensorboard trace- safetensors-load enable-sleep
    nodes-per ir-op uds$ dashboard h11- fail-on aggregate- profiler
    moe-backend optimization-level all2all-backend num-lookahead
  `,
];
