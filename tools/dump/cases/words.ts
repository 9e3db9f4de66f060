import type { Case } from "../case.ts";
import {
  align,
  CATALOGUE,
  DEFAULT_SCENARIO,
  describeField,
  differencesOf,
  findGpu,
  findModel,
  flagMessage,
  FLAGS,
  formatBytes,
  formatCount,
  fromFlags,
  fromQuery,
  fullness,
  GPUS,
  GPUS_BY_MEMORY,
  groupDigits,
  leavesOf,
  modelOfSize,
  parseCount,
  parseGib,
  parseScenario,
  PARTS,
  PRESETS,
  readBoolean,
  searchModels,
  tierFor,
  TIERS,
  toQuery,
} from "../doors.ts";
import { Draw } from "../draw.ts";

const WORDS = ["llama", "LLAMA-2 7B", "qwen moe", "", "a100", "nothing", "vl"];
const TEXTS = ["", "1", "4k", "2.5", "1e3", "7b", "-1", "on", "no", "80GB"];
const SIZES = [0, 1, 999, 1024, 1536, 1e6, 7e9, 2 ** 40, 1.5 * 2 ** 50];
const VALUES = [
  "1",
  "on",
  "gpt2",
  "int4",
  "bf16",
  "fp8",
  "adamw8bit",
  "serve",
  "train",
  "8",
  "4k",
  "full",
  "zzz",
];

/** Flags, queries, catalogues, names of sizes: what stands around estimates. */
export function wordCases(): Case[] {
  return [
    ...FLAGS.flatMap((flag) =>
      VALUES.map((text) => ({
        id: `flag ${flag.name} ${text}`,
        answer: () => {
          const given = [{ flag, text }];
          const input = fromFlags(given, { model: "gpt2" });
          const parsed = parseScenario(input);
          return parsed.ok ? { input, query: toQuery(parsed.value) } : {
            input,
            said: parsed.problems.map((each) => flagMessage(each, given)),
          };
        },
      }))
    ),
    ...flagMixes(),
    ...WORDS.map((word) => ({
      id: `search ${word}`,
      answer: () => ({
        models: searchModels(word).map(({ id }) => id),
        model: findModel(word)?.id,
        gpu: findGpu(word),
      }),
    })),
    {
      id: "texts",
      answer: () =>
        TEXTS.map((text) => [
          parseCount(text),
          parseGib(text),
          readBoolean(text),
        ]),
    },
    {
      id: "sizes",
      answer: () =>
        SIZES.map((size) => [
          formatBytes(size),
          formatCount(size),
          groupDigits(Math.floor(size)),
        ]),
    },
    ...[1e6, 1.1e8, 1e9, 7e9, 7e10, 4e11, 1e13].map((size) => ({
      id: `model of ${size}`,
      answer: () => modelOfSize(size),
    })),
    {
      id: "lists",
      answer: () => ({
        GPUS,
        GPUS_BY_MEMORY,
        TIERS,
        PARTS,
        PRESETS,
        DEFAULT_SCENARIO,
        FLAGS,
        CATALOGUE,
      }),
    },
    {
      id: "fields",
      answer: () =>
        leavesOf(DEFAULT_SCENARIO)
          .map(({ path }) => path.replace(/\.\d+$/, ""))
          .map((path) => [path, describeField(path)]),
    },
    {
      id: "fullness",
      answer: () =>
        SIZES.map((size) => tierFor(size)).concat(
          [0, 0.5, 0.8, 0.9, 0.97, 1, 2].map((part) => fullness(part) as never),
        ),
    },
    {
      id: "differences",
      answer: () => {
        const scenarios = PRESETS.flatMap(({ scenario }) => {
          const parsed = parseScenario(scenario);
          return parsed.ok ? [parsed.value] : [];
        });
        return scenarios.map((each) =>
          differencesOf([DEFAULT_SCENARIO, each], ["one", "other"])
        );
      },
    },
    {
      id: "align",
      answer: () =>
        align([
          [{ name: "a" }, { name: "b" }],
          [{ name: "b" }, { name: "c" }],
          [],
        ]),
    },
    ...[
      "model=gpt2&train.micro_batch=4",
      "model=x&y=1",
      "task=serve&task=a",
      "",
    ]
      .map((query) => ({
        id: `query ${query}`,
        answer: () => {
          const input = fromQuery(new URLSearchParams(query));
          return { input, parsed: parseScenario(input) };
        },
      })),
  ];
}

function flagMixes(): Case[] {
  const draw = new Draw(3);
  return Array.from({ length: 200 }, (_, at) => {
    const given = Array.from({ length: 4 }, () => ({
      flag: draw.of(FLAGS),
      text: draw.of(VALUES),
    }));
    return {
      id: `flags ${at}`,
      answer: () => fromFlags(given, { model: "gpt2" }),
    };
  });
}
