import type { Unexpressed } from "../reading/format.ts";
import { anyKeyOf } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";

/** Flags that move memory and have no field. */
export const LLAMA_UNEXPRESSED: readonly Unexpressed[] = [
  unexpressed(
    ["override-tensor", "ot", "n-cpu-ffn", "ncffn", "moe-cache-mib"],
    "which tensors lie where has no field of this kind",
  ),
  unexpressed(
    ["mmproj", "mmproj-url", "mm", "mmu", "image-max-tokens"],
    "a projector of images has no field",
  ),
  unexpressed(
    [
      "split-mode",
      "sm",
      "main-gpu",
      "mg",
      "device",
      "dev",
      "rpc",
      "fit",
      "fit-target",
      "fitt",
      "fit-ctx",
      "fitc",
      "lora",
      "lora-scaled",
      "control-vector",
      "ctx-size-draft",
      "cd",
      "gpu-layers-draft",
      "ngld",
      "cache-type-k-draft",
      "ctkd",
      "cache-type-v-draft",
      "ctvd",
      "model-url",
      "mu",
      "docker-repo",
      "dr",
      "models-dir",
      "models-preset",
      "models-max",
      "override-kv",
      "no-host",
    ],
    "no field says it",
  ),
  unexpressed(
    ["cache-ram", "cram", "ctx-checkpoints", "swa-checkpoints", "ctxcp"],
    "it lies on the host",
    false,
  ),
];

/** Flags that decide no memory. */
export const LLAMA_NEUTRAL: readonly RegExp[] = [
  anyKeyOf()`
    t$ tb$ threads cpu- C$ Cr$ prio poll n$ predict n-predict keep e$ escape
    no-escape rope- yarn- perf no-perf numa mlock no-mmap mmap no-warmup warmup
    host$ port$ path$ api- ssl- threads-http alias a$ chat-template jinja
    no-jinja reasoning metrics slots$ no-slots slot- props no-webui webui
    timeout to$ temp top- min-p seed s$ samplers sampler sampling- repeat-
    presence frequency dry- mirostat typical xtc adaptive grammar json-schema
    j$ log- v$ verbose verbosity lv$ offline cont-batching no-cont cb$ nocb$
    embedding pooling rerank hf-token hft$ p$ prompt f$ file i$ interactive
    cnv conversation no-conversation st$ single-turn color co$ ignore-eos
    draft spec- sps$ defrag dt$ special cache-reuse no-context-shift
    context-shift prefill- check-tensors repack no-repack nr$ cache-prompt
    no-cache-prompt no-mmproj load-mode lm$ lazy media-path tools no-ui ui
    sleep-idle system-prompt sys$ sysf$ multiline mli$ r$ reverse-prompt
  `,
];
