import { estimateOnHub } from "../../hub/estimate.ts";
import type { GpuLayout } from "../../lib/mod.ts";
import { MAX_COMPARED, shortScenarioJsonSchema } from "../../lib/mod.ts";
import { shortAnswer } from "../../templates/short_answer.ts";
import {
  adviceOnHub,
  compareOnHub,
  largestOnHub,
  strategiesOnHub,
} from "../asked.ts";
import type { Tool } from "./tool.ts";
import { objectOf } from "./tool.ts";

/** The fields that agents are told of; a Scenario's others are taken as well. */
export const TOLD_FIELDS = [
  "model",
  "task",
  "train.method",
  "train.lora.rank",
  "train.lora.targets",
  "train.micro_batch",
  "train.sequence_length",
  "train.gradient_accumulation",
  "train.attention",
  "train.checkpointing",
  "train.loss",
  "train.kernels",
  "train.images_per_sample",
  "train.objective",
  "precision.weights",
  "precision.autocast",
  "quantization.weights",
  "optimizer.name",
  "optimizer.bits",
  "optimizer.paged",
  "optimizer.in_backward",
  "parallel.gpus",
  "parallel.tp",
  "parallel.pp",
  "parallel.cp",
  "parallel.ep",
  "engine.name",
  "engine.zero_stage",
  "engine.sharding",
  "engine.offload_optimizer",
  "engine.offload_parameters",
  "serve.engine",
  "serve.batch",
  "serve.input_tokens",
  "serve.output_tokens",
  "serve.max_model_len",
  "serve.kv_dtype",
  "serve.memory_utilization",
  "serve.gpu_layers",
  "hardware.gpu",
];

/** Layouts that are listed, and reasons why others cannot be. */
const MOST_LAYOUTS = 10;
const MOST_REASONS = 5;

const SCENARIO = {
  type: "object",
  description: "a Scenario: the same fields as estimate_memory's arguments",
};

const estimateMemory: Tool = {
  name: "estimate_memory",
  title: "Estimate GPU memory",
  description:
    "Will it fit? Peak GPU memory of training, fine-tuning or serving a model, with what it is made of. The arguments are a Scenario; only model is needed (a name such as Qwen/Qwen3-8B, of the catalogue or the Hugging Face Hub, or its config.json). Bytes are per GPU. Fields that are not listed here stand in docs/scenario.md and /api/v1/openapi.json.",
  input: shortScenarioJsonSchema(TOLD_FIELDS),
  answer: async (sent, hub) => {
    const result = await estimateOnHub(sent, hub);
    return result.ok ? { ok: true, value: shortAnswer(result.value) } : result;
  },
};

const advise: Tool = {
  name: "advise",
  title: "What would make it fit",
  description:
    "For a scenario that does not fit, or hardly: single changes with the fields to set, the new peak and the price, the cheapest combination that is enough, how many GPUs it needs and the smallest GPU.",
  input: objectOf({ scenario: SCENARIO }, ["scenario"]),
  answer: async ({ scenario }, hub) => await adviceOnHub(scenario, hub),
};

const largest: Tool = {
  name: "largest",
  title: "Largest batch or length that fits",
  description:
    "The largest value of one field with which the scenario still fits its GPU, and what the next one would need. The largest batch where no field is named.",
  input: objectOf({
    scenario: SCENARIO,
    field: {
      type: "string",
      description:
        "train.micro_batch, train.sequence_length, train.lora.rank, serve.batch, serve.input_tokens, serve.max_model_len or another whole number; of parallel.gpus the fewest",
    },
  }, ["scenario"]),
  answer: async ({ scenario, field }, hub) => {
    const result = await largestOnHub(scenario, field, hub);
    if (!result.ok) return result;
    const { checked: _, ...value } = result.value;
    return { ok: true, value };
  },
};

const compare: Tool = {
  name: "compare",
  title: "Compare scenarios",
  description:
    `The peaks of 2 to ${MAX_COMPARED} scenarios side by side, and the fields in which they differ.`,
  input: objectOf({
    scenarios: {
      type: "array",
      items: SCENARIO,
      minItems: 1,
      maxItems: MAX_COMPARED,
    },
  }, ["scenarios"]),
  answer: async ({ scenarios }, hub) => {
    const result = await compareOnHub(scenarios, hub);
    if (!result.ok) return result;
    const { estimates, differences } = result.value;
    const answers = estimates.map((estimate) => {
      const { warnings: _w, assumptions: _a, more_notes: _m, ...rest } =
        shortAnswer(estimate);
      return rest;
    });
    return { ok: true, value: { answers, differences } };
  },
};

const strategies: Tool = {
  name: "strategies",
  title: "Ways to lay a model out over several GPUs",
  description:
    `How to lay a scenario out over a number of GPUs (training: DDP, ZeRO, FSDP, Megatron's tensor, pipeline, context and expert parallelism; serving: tensor, pipeline, expert and data parallelism of its engine): the ${MOST_LAYOUTS} that need least memory, with the fields to set and the bytes per GPU, and why others cannot be.`,
  input: objectOf({
    scenario: SCENARIO,
    gpus: { type: "integer", minimum: 1 },
  }, ["scenario"]),
  answer: async ({ scenario, gpus }, hub) => {
    const result = await strategiesOnHub(scenario, { gpus }, hub);
    if (!result.ok) return result;
    const { rows, left_out } = result.value;
    const isPlayed = ({ peak_bytes }: GpuLayout) => peak_bytes !== null;
    const played = rows.filter(isPlayed);
    return {
      ok: true,
      value: {
        fitting: played.filter(({ fits }) => fits).length,
        tried: rows.length,
        left_out,
        layouts: played.slice(0, MOST_LAYOUTS)
          .map(({ reason: _, ...layout }) => layout),
        cannot_be: rows.filter((row) => !isPlayed(row)).slice(0, MOST_REASONS)
          .map(({ set, reason }) => ({ set, reason })),
      },
    };
  },
};

/** The tools that estimate. */
export const ESTIMATE_TOOLS: readonly Tool[] = [
  estimateMemory,
  advise,
  largest,
  compare,
  strategies,
];
