import type { Case } from "../case.ts";
import { DEFAULT_SCENARIO, leavesOf } from "../doors.ts";
import { withFields } from "../with.ts";
import { CONFIGS, DIMS } from "./bases.ts";
import { scenarioCase } from "./scenario_case.ts";

const ODD: readonly unknown[] = [
  null,
  -1,
  0.5,
  1e300,
  "",
  "no such word",
  [],
  {},
  true,
  "4k",
];

const MODELS: readonly unknown[] = [
  "llama-2-7",
  "no/such-model",
  "{",
  "{}",
  `{"model_type": "llama"}`,
  "a\u0000b",
  "x".repeat(600),
  { name: "x", dims: DIMS },
  { dims: {} },
  { dims: { ...DIMS, attention_heads: 1024 } },
  { dims: { ...DIMS, parameters: 7e9 } },
  { dims: { ...DIMS, layers: 0 } },
  { dims: DIMS, more: 1 },
  { config: {} },
  { config: 1 },
  { config: { hidden_size: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]] } },
];

/** What is wrong with inputs, in words; or what they are read as. */
export function refusedCases(): Case[] {
  const paths = leavesOf(DEFAULT_SCENARIO).map(({ path }) => path);
  const sections = [...new Set(paths.map((path) => path.split(".")[0] ?? ""))];
  return [
    ...[undefined, null, 1, "x", [], {}, { model: "gpt2", more: 1 }].map((
      input,
    ) => scenarioCase(`input ${JSON.stringify(input)}`, input)),
    ...MODELS.map((model) =>
      scenarioCase(
        `refused model ${JSON.stringify(model).slice(0, 80)}`,
        { model },
      )
    ),
    ...[...paths, ...sections].filter((path) => path !== "model").flatMap(
      (path) =>
        ODD.map((value) =>
          scenarioCase(
            `refused ${path} ${JSON.stringify(value)}`,
            withFields({ model: { config: CONFIGS["llama"] } }, {
              [path]: value,
            }),
          )
        ),
    ),
    ...Object.entries(CONFIGS).flatMap(([name, config]) =>
      Object.keys(config).flatMap((key) =>
        [undefined, null, 0, -1, 3, 1.5, "x", 1e12, []].map((value) =>
          scenarioCase(
            `config ${name} ${key} ${JSON.stringify(value)}`,
            {
              model: { config: { ...config, [key]: value } },
              method: "factors",
            },
          )
        )
      )
    ),
  ];
}
