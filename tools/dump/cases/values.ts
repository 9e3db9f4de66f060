import {
  DEFAULT_SCENARIO,
  describeField,
  GPUS,
  leavesOf,
  QUANTIZATIONS,
} from "../doors.ts";

/** Values of fields whose kind does not tell any. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  "train.trainable": [
    ["language_model"],
    ["vision_tower", "projector"],
    ["embeddings", "lm_head"],
    ["projector"],
  ],
  "train.lora.rank": [1, 64],
  "train.lora.alpha": [0, 8],
  "train.lora.dropout": [0.05, 1],
  "train.lora.targets": [
    "all-linear",
    ["q_proj", "v_proj"],
    ["query", "value"],
    ".*q_proj",
    "model\\.layers\\.[01]\\.(?:mlp|self_attn)\\.(?:up|down|[qk])_proj",
    "^(?!.*mlp).*\\.(?=[qv])\\w+_proj$",
    ".*(?<!gate|up)_proj",
    "(?i).*Q_PROJ|.*[^\\d\\s]{1,3}?_pro\\x6a",
    "(?P<name>.)(?P=name)",
    "\\bmodel\\b.*",
    ".*[[:alpha:]]",
    ".{2,1}",
    "*",
    ["nothing_like_it"],
    "(",
  ],
  "train.lora.target_parameters": [["mlp.experts.gate_up_proj"], ["none"]],
  "train.lora.modules_to_save": [["embed_tokens", "lm_head"], ["none"]],
  "train.lora.trainable_parameters": [123_456],
  "train.micro_batch": [1, 3, 64],
  "train.sequence_length": [1, 33, 512, 4096, "8k"],
  "train.gradient_accumulation": [2, 16],
  "train.images_per_sample": [1, 3],
  "train.image_size": [[28, 28], [336, 672], "100x200"],
  "quantization.weights": [...QUANTIZATIONS, "gguf:Q4_K_M", "gguf:Q8_0"],
  "quantization.group_size": [-1, 0, 32, 64],
  "parallel.gpus": [2, 8, 64],
  "parallel.gpus_per_node": [1, 4],
  "parallel.tp": [2, 3],
  "parallel.pp": [2],
  "parallel.cp": [2],
  "parallel.ep": [2],
  "parallel.virtual_pipeline": [2],
  "parallel.microbatches": [1, 8],
  "engine.zero_stage": [1, 2, 3],
  "serve.batch": [4, 300],
  "serve.input_tokens": [1, 8192, "32k"],
  "serve.output_tokens": [0, 4096],
  "serve.cache_tokens": [1, 512, 100_000],
  "serve.memory_utilization": [0.1, 1],
  "serve.max_batched_tokens": [512, 65_536],
  "serve.max_sequences": [1, 1024],
  "hardware.gpu": [
    ...GPUS.map(({ name }) => name),
    { memory_gib: 1 },
    { memory_gib: 24.5 },
  ],
  "software.transformers": ["4.30.0", "4.41.2", "4.48.1", "5.0"],
  "software.torch": ["1.13.1", "2.0.1", "2.4.1", "2.8.0"],
  "software.peft": ["0.5.0", "0.13.2", "0.18.0"],
  "software.trl": ["0.8.0", "0.20.0"],
  "software.bitsandbytes": ["0.41.0", "0.46.0"],
  "software.accelerate": ["0.20.0", "1.8.0"],
  "engine_formulas.checkpointing_level": [0, 1, 2, 3, 4],
  "engine_formulas.largest_layer_parameters": [1_000_000],
};

/** Values of a number of which nothing is known. */
const NUMBERS = [0, 0.5, 2];

/** Every field but the model, with values that it is tried with. */
export const FIELDS: readonly { path: string; values: readonly unknown[] }[] =
  leavesOf(DEFAULT_SCENARIO)
    .map(({ path }) => path.replace(/\.\d+$/, ""))
    .filter((path, at, all) => path !== "model" && all.indexOf(path) === at)
    .map((path) => ({ path, values: valuesOf(path) }));

function valuesOf(path: string): readonly unknown[] {
  const known = VALUES[path];
  if (known) return known;
  const field = describeField(path);
  if (field.kind === "switch") return [true, false];
  if (field.kind === "choice") return field.options;
  return NUMBERS;
}
