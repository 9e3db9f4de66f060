import { assert } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { DEFAULT_SCENARIO } from "../../lib/scenario/default_scenario.ts";
import type { Scenario } from "../../lib/scenario/schema.ts";
import { isPlayed } from "../../lib/software/mod.ts";
import { estimated, holds } from "./played.ts";

type Name = Scenario["software"]["model_code"];

/** Programs whose code runs for models of a type, whatever a scenario names. */
const OF_TYPES = ["nanovlm"];

const root = new URL("../../lib/software/", import.meta.url);

/** The programs that have a folder with code of their own. */
const programs = [...Deno.readDirSync(root)].filter(({ name, isDirectory }) =>
  isDirectory && !OF_TYPES.includes(name) &&
  [...Deno.readDirSync(new URL(`${name}/`, root))].some((file) =>
    file.name === "code.ts"
  )
).map(({ name }) => name as Name);

const LOSSES = ["full", "fused", "chunked"] as const;
const METHODS = ["full", "lora", "qlora"] as const;
const KERNELS = ["eager", "liger", "compile"] as const;

Deno.test("there are programs with code of their own", () => {
  assert(programs.length >= 3, String(programs));
});

for (const model_code of programs) {
  Deno.test(`${model_code}: a scenario can name it, and it is played as itself`, () => {
    const { software } = DEFAULT_SCENARIO;
    const scenario = {
      ...DEFAULT_SCENARIO,
      software: { ...software, model_code },
    };
    assert(isPlayed(scenario), model_code);
    const { warnings } = estimated(inputOf(model_code, {}));
    assert(!warnings.some((text) => text.includes("not played through")));
  });

  Deno.test(`${model_code}: every loss, method and kind of kernels adds up`, () => {
    for (const loss of LOSSES) {
      for (const method of METHODS) {
        for (const kernels of KERNELS) {
          holds(inputOf(model_code, { loss, method, kernels }));
        }
      }
    }
  });
}

function inputOf(
  model_code: Name,
  train: NonNullable<ScenarioInput["train"]>,
): ScenarioInput {
  return {
    model: "meta-llama/Llama-3.2-1B",
    train: { micro_batch: 2, sequence_length: 512, ...train },
    // Of the adapters' type: LitGPT casts nothing for them.
    precision: { weights: "fp32" },
    software: { model_code },
  };
}
