/**
 * Owners of the Hub that upload others' models again, as they are or packed
 * otherwise, under the models' own names; and those of ModelScope.
 *
 * Source: modelscope/ms-swift docs/source_en/Instruction/Supported-models-and-datasets.md
 */
export const MIRRORS: ReadonlySet<string> = new Set([
  "ai-modelscope",
  "alpindale",
  "amd",
  "bartowski",
  "casperhansen",
  "cpatonn",
  "cyankiwi",
  "ggml-org",
  "hugging-quants",
  "huggingfacequants",
  "huggyllama",
  "inferencerlabs",
  "intel",
  "llm-research",
  "lmstudio-community",
  "lonestriker",
  "maziyarpanahi",
  "mistral-community",
  "mlx-community",
  "modelcloud",
  "mradermacher",
  "neuralmagic",
  "nm-testing",
  "nousresearch",
  "nv-community",
  "nvidia",
  "openai-mirror",
  "quantfactory",
  "quanttrio",
  "redhatai",
  "second-state",
  "solidrust",
  "technologyinnovationinstitute",
  "thebloke",
  "turboderp",
  "unsloth",
]);
