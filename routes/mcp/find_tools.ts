import type { Result } from "../../lib/mod.ts";
import {
  findModel,
  scenarioOfConfiguration,
  searchGpus,
  searchModels,
  similarModels,
} from "../../lib/mod.ts";
import { shown } from "../../lib/scenario/problem.ts";
import { refused } from "../api_body.ts";
import type { Tool } from "./tool.ts";
import { objectOf } from "./tool.ts";

/** Models, GPUs and settings of a file that an answer lists. */
const MOST = 12;
/** Longest words that are searched for. */
const MAX_QUERY = 200;

const QUERY = { type: "string", maxLength: MAX_QUERY };

const findModelTool: Tool = {
  name: "find_model",
  title: "Find a model",
  description:
    "Models of the catalogue by words of their name, type or kind, such as 'qwen3 32b' or 'moe'. What is not listed may be asked for by its name on the Hugging Face Hub all the same.",
  input: objectOf({ query: QUERY }, ["query"]),
  answer: ({ query }) => {
    const text = textOf("query", query, MAX_QUERY);
    if (!text.ok) return text;
    const exact = findModel(text.value);
    const matching = searchModels(text.value);
    const found = exact
      ? [exact, ...matching.filter((entry) => entry !== exact)]
      : matching;
    return {
      ok: true,
      value: {
        models: found.slice(0, MOST).map(({ id, config, parameters }) => ({
          id,
          type: config["model_type"] ?? null,
          parameters: parameters ?? null,
        })),
        more: Math.max(0, found.length - MOST),
        similar: found.length === 0 ? similarModels(text.value) : [],
      },
    };
  },
};

const findGpuTool: Tool = {
  name: "find_gpu",
  title: "Find a GPU",
  description:
    "GPUs of the catalogue by part of a name, maker or class, such as '4090' or 'data-centre', and the memory that a program can use of each.",
  input: objectOf({ query: QUERY }, ["query"]),
  answer: ({ query }) => {
    const text = textOf("query", query, MAX_QUERY);
    if (!text.ok) return text;
    const found = searchGpus(text.value);
    return {
      ok: true,
      value: {
        gpus: found.slice(0, MOST).map((gpu) => ({
          name: gpu.name,
          class: gpu.class,
          usable_bytes: gpu.usable_bytes,
          basis: gpu.basis,
        })),
        more: Math.max(0, found.length - MOST),
      },
    };
  },
};

const importConfig: Tool = {
  name: "import_config",
  title: "Read a configuration file",
  description:
    "Turns the text of a training or serving tool's configuration (TrainingArguments, Axolotl, LLaMA-Factory, DeepSpeed, accelerate, torchtune, Megatron-LM; commands and logs of vLLM, SGLang, llama.cpp …) into a Scenario for the other tools, and says what of it decides memory and could not be said.",
  input: objectOf({
    text: { type: "string" },
    name: { type: "string", description: "the file's name", maxLength: 256 },
    given: {
      type: "object",
      description: "values for what an answer called missing, by its names",
      additionalProperties: { type: "string" },
    },
  }, ["text"]),
  answer: ({ text, name, given: answers }) => {
    const given = textOf("text", text, Infinity);
    if (!given.ok) return given;
    const named = name === undefined ? null : textOf("name", name, 256);
    if (named && !named.ok) return named;
    const read = scenarioOfConfiguration(
      given.value,
      named?.value,
      Object.fromEntries(
        Object.entries(Object(answers ?? {})).map(([key, value]) => [
          key,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
      ),
    );
    if (!read.ok) return read;
    const { formats, scenario, ignored, assumed, missing, warnings } =
      read.value;
    return {
      ok: true,
      value: {
        formats: formats.map(({ title }) => title),
        scenario,
        missing: missing.map(({ name, reason, tries }) => ({
          name,
          reason,
          ...(tries ? { tries } : {}),
        })),
        assumed: assumed.slice(0, MOST),
        ignored: ignored.slice(0, MOST).map(({ key, reason }) => ({
          key,
          reason,
        })),
        warnings: warnings.slice(0, MOST),
        more: [assumed, ignored, warnings].reduce(
          (sum, { length }) => sum + Math.max(0, length - MOST),
          0,
        ),
      },
    };
  },
};

/** The tools that look something up or read a file. */
export const FIND_TOOLS: readonly Tool[] = [
  findModelTool,
  findGpuTool,
  importConfig,
];

/** An argument that has to be a text. */
function textOf(name: string, value: unknown, most: number): Result<string> {
  if (typeof value !== "string" || value.trim() === "") {
    return refused(
      name,
      `${name} must be a text: current value is ${shown(value)}`,
    );
  }
  return value.length > most
    ? refused(
      name,
      `${name} must have at most ${most} characters: current value has ${value.length}`,
    )
    : { ok: true, value: value.trim() };
}
