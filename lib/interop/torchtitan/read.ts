import { parse } from "smol-toml";
import { isObject } from "../../scenario/fields.ts";
import { flagValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";
import type { Document } from "../reading/document.ts";
import { checkText } from "../reading/document.ts";
import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";
import type { ServingSource } from "../reading/serving/source.ts";
import { tooMuch } from "../reading/yaml_documents.ts";
import { readConfigRegistry } from "./config_registry.ts";
import { TITAN_FLOAT8_RULES } from "./float8_rules.ts";
import { TITAN_RULES } from "./rules.ts";

/** Tables of torchtitan's files. */
const TABLES = [
  "job",
  "training",
  "parallelism",
  "activation_checkpoint",
  "model",
];

/** torchtitan's TOML; null for any other. */
function parseTitan(source: ServingSource): Document | null {
  if (source.isWritten && checkText(source.text).ok) {
    const registry = readConfigRegistry(source.text);
    if (registry) return registry;
  }
  if (
    !source.isWritten || !/^\[(?:training|parallelism|job)\]/m.test(source.text)
  ) {
    return null;
  }
  let values: unknown;
  try {
    values = parse(source.text);
  } catch {
    return null;
  }
  if (!isObject(values) || tooMuch(values) !== null) return null;
  const tables = values;
  const known = TABLES.filter((name) => isObject(tables[name]));
  return known.length >= 2
    ? { kind: "own", values, comments: "", notes: [] }
    : null;
}

/** `run_train.sh` and the module that it starts, with flags over a file. */
const titanCommand: CommandReader = ({ kind, name, args, env }) => {
  const isModule = kind === "module" &&
    /^torchtitan\.(?:train|experiments\.[\w.]*train)$/.test(name);
  const isScript = name === "run_train.sh" || name === "run_llama_train.sh" ||
    kind === "script" && name === "train.py" &&
      args.some((word) => /^--job\.config[_-]file/.test(word));
  if (!isModule && !isScript) return null;
  const { values: flags } = flagValues(args);
  const { "job.config_file": named, module: _, config: __, ...values } = flags;
  const file = typeof named === "string"
    ? named
    : env.get("CONFIG_FILE") ?? registryIn(flags, env);
  const gpus = isScript ? env.get("NGPU") : undefined;
  return {
    values: { ...values, ...(gpus === undefined ? {} : { NGPU: gpus }) },
    ...(file === undefined ? {} : { file }),
  };
};

/** The function of a `config_registry.py` that MODULE and CONFIG name. */
function registryIn(
  flags: Readonly<Record<string, unknown>>,
  env: ReadonlyMap<string, string>,
): string | undefined {
  const config = flags["config"] ?? env.get("CONFIG");
  const module = flags["module"] ?? env.get("MODULE");
  return typeof config === "string" && typeof module === "string"
    ? `${module}/config_registry.py (${config})`
    : undefined;
}

/** torchtitan's TOML of a run, its Python, and its flags. */
export const torchtitanFile: Format = {
  id: "torchtitan",
  title: "torchtitan",
  kind: "own",
  recognises: () => false,
  parse: parseTitan,
  command: titanCommand,
  rules: [...TITAN_RULES, ...TITAN_FLOAT8_RULES],
  unexpressed: [
    unexpressed(["mx", "quantize"], "training in mxfp8 is not known"),
    unexpressed(
      [
        "optimizer.state_dtype",
        "parallelism.enable_async_tensor_parallel",
        "parallelism.pipeline_parallel_microbatch_size",
        "parallelism.pipeline_parallel_split_points",
        "parallelism.pipeline_parallel_layers_per_stage",
        "parallelism.module_fqns_per_model_part",
        "activation_checkpoint.per_op_sac_force_recompute_mm_shapes_by_fqns",
        "activation_checkpoint.early_stop",
        "activation_checkpoint.memory_budget",
        "experimental",
        "fault_tolerance",
        "compile.components",
        "training.num_tokens_per_microbatch_per_dp_rank",
        "activation_offload",
        "lora",
        "peft",
      ],
      "no field says it",
    ),
  ],
  neutral: [
    anyKeyOf(KEY_END.section)`
    job metrics profiling checkpoint lr_scheduler comm debug validation
    memory_estimation profiler dataloader custom_args
  `,
    /^model\.(?:tokenizer_path|norm_type|name)/,
    /^training\.(?:dataset|max_norm|steps|gc_freq|gc_debug|seed|deterministic|data|warmup|debug|detect|fp8|clear_cache|enable_detailed|aggressive)/,
    /^optimizer\.(?:lr|eps|beta|weight|mu|alg|lr_scaling|scalar|embedding|head|routing|param_groups|extra)/,
    /^parallelism\.(?:context_parallel_rotate|context_parallel_load|pipeline_parallel_schedule_csv|pipeline_parallel_expert|pipeline_parallel_(?:first|last)|enable_compiled|enable_sequence)/,
    /^compile\./,
  ],
  finish: finishTitan,
};

/** What torchtitan does where its file does not say: torchtitan/config. */
function finishTitan(draft: Draft, all: FileSettings): void {
  for (
    const [path, value, reason] of [
      ["engine.name", "fsdp2", "torchtitan shards by FSDP2"],
      ["engine.driver", "torchtitan", "the file is torchtitan's"],
      ["software.model_code", "torchtitan", "the model is torchtitan's own"],
      ["train.attention", "sdpa", "torchtitan's attention is sdpa"],
      ["train.micro_batch", 8, "local_batch_size is 8 by default"],
      ["train.sequence_length", 2048, "seq_len is 2048 by default"],
      ["precision.weights", "fp32", "training.dtype is float32 by default"],
      [
        "precision.autocast",
        "bf16",
        "mixed_precision_param is bfloat16 by default",
      ],
      [
        "train.checkpointing",
        "selective",
        "activation_checkpoint.mode is selective by default",
      ],
      ["optimizer.implementation", "fused", "it is fused by default"],
    ] as const
  ) draft.assume(path, value, reason);
  if (!all.has("model.flavor") && !all.has("model.hf_assets_path")) {
    draft.want({
      kind: "field",
      name: "model",
      paths: ["model"],
      key: "model.flavor",
      reason: "model.flavor is not given: give model",
    });
  }
}
