import { z } from "zod";
import { field } from "../about.ts";
import {
  byShape,
  count,
  flag,
  gib,
  isObject,
  nameText,
  texts,
} from "../fields.ts";
import { MAX_GIB, MAX_SPLIT_MB, MIN_SPLIT_MB } from "../limits.ts";
import * as when from "../when.ts";

const custom = z.strictObject({
  memory_gib: field(gib(0.1, 65_536), {
    label: "Or its usable memory",
    group: "hardware",
    unit: "GiB",
    hint: "Wins over the GPU; 80GB and 79.3GiB work too",
    blank: "as the GPU",
    flag: {
      name: "--gpu-memory",
      value: "<gib>",
      help: "usable memory instead: 23.5, 80GB",
    },
  }),
});

/** The GPUs. */
export const hardware = z.strictObject({
  gpu: field(
    byShape<string | { memory_gib: number }>(
      (value) => isObject(value) ? custom : nameText,
      { text: nameText, objects: [custom] },
    ).default("A100-80GB"),
    {
      label: "GPU",
      group: "hardware",
      help: 'a name of the catalogue, or `{"memory_gib": 79.3}`',
      flag: {
        name: "--gpu",
        value: "<name>",
        help: "GPU of the catalogue (A100-80GB)",
      },
    },
  ),
  gpus: field(texts(256).nullable().default(null), {
    label: "Every card of the machine",
    group: "cards",
    help: "names of unlike cards of one machine, in order",
    blank: "all alike",
    flag: "--cards",
    awaited: true,
  }),
});

/** What is known of memory that no tensor takes. */
export const overheads = z.strictObject({
  cuda_context_gib: field(gib(0, MAX_GIB).nullable().default(null), {
    label: "CUDA context, if known",
    group: "cushions",
    unit: "GiB",
    help: "what is known of the GPU; wins over `factors.cuda_libs_gib`",
    blank: "as CUDA libraries",
  }),
  communication_gib: field(gib(0, MAX_GIB).nullable().default(null), {
    label: "Communication",
    group: "cushions",
    unit: "GiB",
    blank: "auto",
  }),
  other_gib: field(gib(0, MAX_GIB).default(0), {
    label: "Other",
    group: "cushions",
    unit: "GiB",
  }),
});

function version() {
  return z.string().trim().min(1).max(64)
    .regex(/^\d{1,9}\.\d[\w.+!-]*$/, "must be a version such as 4.48.1")
    .nullable()
    .default(null);
}

const latest = { group: "software", blank: "latest" } as const;
const adapting = { ...latest, needs: [when.adapted] } as const;

/** The code that runs. */
export const software = z.strictObject({
  model_code: field(
    z.enum([
      "transformers",
      "torchtune",
      "torchtitan",
      "litgpt",
      "gpt-fast",
      "nanovlm",
      "megatron",
    ]).default("transformers"),
    {
      label: "Model code",
      group: "software",
      help:
        "`transformers`, `torchtune`, `torchtitan`, `litgpt`, `gpt-fast`, `nanovlm` or `megatron`",
    },
  ),
  mixer_kernels: field(z.enum(["packages", "torch"]).default("packages"), {
    label: "Mixers' kernels",
    group: "software",
    needs: [when.toTrain],
    help:
      "what runs delta rules, state spaces, short convolutions and xIELU: `packages` (fla, mamba_ssm, causal_conv1d, xielu) or, where they are not installed, `torch`",
  }),
  transformers: field(version(), {
    ...latest,
    label: "transformers",
    help: "a version, as the five below",
  }),
  torch: field(version(), { ...latest, label: "torch" }),
  peft: field(version(), {
    ...adapting,
    label: "peft",
    help:
      "from 0.19 names of experts' layers mean their fused parameters; null is read as 0.21.2",
  }),
  trl: field(version(), { ...adapting, label: "trl" }),
  bitsandbytes: field(version(), { ...adapting, label: "bitsandbytes" }),
  accelerate: field(version(), { ...latest, label: "accelerate" }),
  expandable_segments: field(flag().nullable().default(null), {
    label: "Expandable segments",
    group: "software",
    help:
      "whether PyTorch's allocator has one segment that grows (`expandable_segments:True` of `PYTORCH_CUDA_ALLOC_CONF`); null: as the driver sets it",
    blank: "as the driver",
    flag: "--expandable-segments",
    needs: [when.toTrain],
  }),
  max_split_size_mb: field(
    count(MIN_SPLIT_MB, MAX_SPLIT_MB).nullable().default(null),
    {
      label: "Largest block that is split",
      group: "software",
      unit: "MiB",
      help:
        "`max_split_size_mb` of `PYTORCH_CUDA_ALLOC_CONF`, 21 or more: larger blocks of PyTorch's allocator are not split",
      blank: "no limit",
      flag: "--max-split-size-mb",
      needs: [when.toTrain, when.manySegments],
    },
  ),
});
