import { answerScenario } from "../answer_scenario.ts";
import type { Case } from "../case.ts";
import {
  CALCULATOR_PRESETS,
  calculatorsModelOfSize,
  findPreset,
  inConfigWords,
  isCalculatorConfig,
  readCalculatorConfig,
  scenarioOfConfiguration,
  scenarioOfConfigurations,
  scenarioOfPreset,
} from "../doors.ts";
import { configurations } from "../truth.ts";
import known from "./configuration_words.json" with { type: "json" };
import { scenarioCase } from "./scenario_case.ts";

/** The keys and words of configurations, and the texts of the tests. */
interface Known {
  keys: Record<string, string[]>;
  words: string[];
  texts: string[];
}

/** A file of each format, to which its keys are added. */
const SHORT: Readonly<Record<string, (key: string, value: string) => string>> =
  {
    megatron: (key, value) =>
      `torchrun --nproc-per-node=8 pretrain_gpt.py --num-layers 4 --hidden-size 256 --num-attention-heads 8 --${
        key.replace(/^--/, "")
      } ${value}`,
    torchtune: (key, value) =>
      `model:\n  _component_: torchtune.models.llama3.llama3_8b\n${
        key === "model" ? "" : nested(key, value)
      }`,
    lightning: (key, value) =>
      `trainer:\n  devices: 2\n${nested(key, value, "trainer.")}`,
    accelerate: (key, value) =>
      `compute_environment: LOCAL_MACHINE\n${nested(key, value)}`,
    deepspeed: (key, value) =>
      `train_micro_batch_size_per_gpu: 2\n${nested(key, value)}`,
    axolotl: (key, value) => `base_model: gpt2\n${nested(key, value)}`,
    "llama-factory": (key, value) =>
      `finetuning_type: lora\nmodel_name_or_path: gpt2\n${nested(key, value)}`,
    "llama-factory-v1": (key, value) =>
      `model: gpt2\npeft_config:\n  name: lora\n${nested(key, value)}`,
    peft: (key, value) => `peft_type: LORA\n${nested(key, value)}`,
    "training-arguments": (key, value) =>
      `per_device_train_batch_size: 2\n${nested(key, value)}`,
  };

const PLAIN = ["true", "false", "0", "3", "auto", "none", "0.5", "[a, b]"];

const { keys, words, texts } = known as Known;

/** Other tools' configurations, whole, changed line by line, and key by key. */
export function importCases(): Case[] {
  const files = configurations();
  return [
    ...files.map(({ name, text }) => ({
      id: `import ${name}`,
      answer: () => scenarioOfConfiguration(text, name),
    })),
    ...files.map(({ name, text }) => ({
      id: `imported ${name}`,
      answer: () => {
        const read = scenarioOfConfiguration(text, name);
        return read.ok ? answerScenario(read.value.scenario) : read;
      },
    })),
    ...files.map(({ name, text }) => ({
      id: `import ${name} changed`,
      answer: () =>
        changesOf(text).map((changed) => scenarioOfConfiguration(changed)),
    })),
    ...files.map((file) => ({
      id: `import ${file.name} with another`,
      answer: () =>
        files.map((other) => scenarioOfConfigurations([file, other])),
    })),
    ...texts.map((text) => ({
      id: `import ${JSON.stringify(text).slice(0, 120)}`,
      answer: () => scenarioOfConfiguration(text, "run.yaml"),
    })),
    ...Object.entries(SHORT).flatMap(([format, write]) =>
      (keys[format] ?? []).map((key) => ({
        id: `import ${format} ${key}`,
        answer: () =>
          Object.fromEntries(
            [...PLAIN, ...words].map((value) => [
              value,
              briefly(scenarioOfConfiguration(write(key, value))),
            ]),
          ),
      }))
    ),
    ...calculatorCases(),
  ];
}

/** What a setting decides, without what stands in all answers alike. */
function briefly(read: ReturnType<typeof scenarioOfConfiguration>): unknown {
  if (!read.ok) return read.problems.map(({ message }) => message);
  const { understood, ignored, assumed, scenario, warnings } = read.value;
  return {
    scenario,
    understood: understood.map(({ key, path, becomes }) =>
      `${key}: ${path} ${becomes}`
    ),
    ignored: ignored.map(({ key, reason }) => `${key}: ${reason}`),
    assumed: assumed.map(({ path, value }) => `${path}: ${value}`),
    warnings: warnings.length,
  };
}

/** A text without each of its lines, and with each line's value changed. */
function changesOf(text: string): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, at) =>
    [
      [],
      [line.replace(/([:=] *)[^:=,]+?(,?)$/, "$1true$2")],
      [line.replace(/([:=] *)[^:=,]+?(,?)$/, "$10$2")],
      [line.replace(/([:=] *)[^:=,]+?(,?)$/, '$1"auto"$2')],
    ].map((put) => lines.toSpliced(at, 1, ...put).join("\n"))
  );
}

function nested(key: string, value: string, within = ""): string {
  const parts = (key.startsWith(within) ? key.slice(within.length) : key)
    .split(".");
  const indent = within === "" ? 0 : 1;
  return parts.map((part, at) =>
    `${"  ".repeat(at + indent)}${part}:${
      at === parts.length - 1 ? ` ${value}` : ""
    }\n`
  ).join("");
}

function calculatorCases(): Case[] {
  return [
    ...CALCULATOR_PRESETS.flatMap((preset) => [
      scenarioCase(`calculator ${preset.id}`, scenarioOfPreset(preset)),
      {
        id: `calculator's file ${preset.id} changed`,
        answer: () =>
          [preset.config, ...withoutEach(preset.config)].map((config) => {
            const read = readCalculatorConfig(config);
            return read.ok
              ? { read, is: isCalculatorConfig(config) }
              : { problems: inConfigWords(read.problems) };
          }),
      },
    ]),
    {
      id: "calculator's presets by name",
      answer: () => ["LLAMA2-7B", "no", ""].map((name) => findPreset(name)),
    },
    ...[1e8, 1e9, 7e9, 7e10, 1e12].map((size) => ({
      id: `calculator's model of ${size}`,
      answer: () => calculatorsModelOfSize(size),
    })),
  ];
}

/** Copies of a JSON value with each of its leaves taken away, or changed. */
function withoutEach(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [0, "zero3", true];
  return Object.entries(value).flatMap(([key, inner]) => {
    const { [key]: _, ...rest } = value as Record<string, unknown>;
    return [
      rest,
      ...withoutEach(inner).map((changed) => ({ ...value, [key]: changed })),
    ];
  });
}
