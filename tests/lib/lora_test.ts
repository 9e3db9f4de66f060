import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  estimate,
  estimateScenario,
  parseScenario,
  tryEstimate,
} from "../../lib/mod.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { loraParameters } from "../../lib/methods/factors/lora_parameters.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { modelOfCheckpoint } from "../../lib/models/model_of_checkpoint.ts";

const LLAMA_2_7B = "meta-llama/Llama-2-7b-hf";
const GPT2 = "openai-community/gpt2";
const FALCON_7B = "tiiuae/falcon-7b";

type Lora = NonNullable<NonNullable<ScenarioInput["train"]>["lora"]>;

function tuned(
  model: string,
  lora: Lora,
  method: "lora" | "qlora" = "lora",
): Estimate {
  const train = { method, lora, sequence_length: 1_024 };
  return estimate({ model, train, method: "factors" });
}

/** Rank times (in + out) for each target of each layer, attention square. */
const COUNTS: [model: string, lora: Lora, parameters: number][] = [
  [LLAMA_2_7B, { rank: 8, targets: ["q_proj"] }, 2_097_152],
  [LLAMA_2_7B, { rank: 8, targets: ["q_proj", "v_proj"] }, 4_194_304],
  [LLAMA_2_7B, { rank: 8, targets: "default" }, 4_194_304],
  [LLAMA_2_7B, {}, 8_388_608],
  [LLAMA_2_7B, { rank: 16, targets: ["k_proj", "o_proj"] }, 8_388_608],
  [LLAMA_2_7B, { rank: 16, targets: ["gate_proj"] }, 7_733_248],
  [LLAMA_2_7B, { rank: 16, targets: ["down_proj"] }, 7_733_248],
  [LLAMA_2_7B, { rank: 16, targets: "all-linear" }, 39_976_960],
  [LLAMA_2_7B, { rank: 64, targets: "all-linear" }, 159_907_840],
  [LLAMA_2_7B, { rank: 1, targets: ["q_proj", "q_proj"] }, 262_144],
  [GPT2, { rank: 16, targets: "default" }, 589_824],
  [GPT2, { rank: 16, targets: ["c_attn"] }, 589_824],
  [GPT2, { rank: 16, targets: ["c_fc"] }, 737_280],
  [GPT2, { rank: 16, targets: "all-linear" }, 2_359_296],
  [FALCON_7B, { rank: 16, targets: "default" }, 4_718_592],
  [FALCON_7B, { rank: 16, targets: ["query_key_value"] }, 4_718_592],
  [FALCON_7B, { rank: 16, targets: ["dense"] }, 4_653_056],
  [
    FALCON_7B,
    { rank: 16, targets: ["dense_h_to_4h", "dense_4h_to_h"] },
    23_265_280,
  ],
  [FALCON_7B, { rank: 16, targets: "all-linear" }, 32_636_928],
];

for (const [model, lora, parameters] of COUNTS) {
  Deno.test(`loraParameters() counts ${JSON.stringify(lora)} of ${model}`, () => {
    for (const method of ["lora", "qlora"] as const) {
      const result = tuned(model, lora, method);
      assertEquals(result.model.trainable_parameters, parameters);
      assertEquals(result.warnings, []);
    }
  });
}

Deno.test("loraParameters() counts by a name that ends a module's, as PEFT does", () => {
  const result = tuned(GPT2, { targets: ["c_attn", "c_fc", "c_proj"] });
  assertEquals(result.warnings, []);
  assertEquals(result.model.trainable_parameters, 2_359_296);
});

Deno.test("loraParameters() lets an exact count win over its own", () => {
  const result = tuned(LLAMA_2_7B, {
    trainable_parameters: 12_345_678,
    targets: "all-linear",
  });
  assertEquals(result.model.trainable_parameters, 12_345_678);
  const gradients = result.memory.parts.find(({ name }) =>
    name === "gradients"
  );
  assertEquals(gradients?.bytes, 2 * 12_345_678);
  assert(!result.assumptions.join("\n").includes("square attention"));
});

Deno.test("loraParameters() ignores adapters where every parameter is trained", () => {
  const { model } = estimate({
    model: LLAMA_2_7B,
    train: { lora: { trainable_parameters: 5 } },
  });
  assertEquals(model.trainable_parameters, 6_738_415_616);
});

Deno.test("loraParameters() names targets that the model lacks", () => {
  const { model, warnings } = tuned(LLAMA_2_7B, {
    rank: 8,
    targets: ["q_proj", "c_attn", "nonsense"],
  });
  assertEquals(model.trainable_parameters, 2_097_152);
  assertEquals(warnings, [
    "train.lora.targets: the model has no c_attn, nonsense; " +
    "the other targets are adapted",
  ]);
});

Deno.test("loraParameters() refuses targets of which the model has none", () => {
  const targets = ["c_attn", "constructor", "__proto__"];
  const result = tryEstimate({
    model: LLAMA_2_7B,
    train: { method: "lora", lora: { targets } },
  });
  assert(!result.ok);
  assertEquals(result.problems.map(({ path }) => path), ["train.lora.targets"]);
  const message = result.problems[0]?.message ?? "";
  assertStringIncludes(message, "train.lora.targets must name modules of");
  assertStringIncludes(message, "q_proj, k_proj, v_proj, o_proj");
  assertStringIncludes(message, 'current value is ["c_attn"');
});

Deno.test("loraParameters() says what to do where PEFT has no targets", () => {
  const result = tryEstimate({
    model: "deepseek-ai/DeepSeek-V3",
    train: { method: "lora" },
  });
  assert(!result.ok);
  assertStringIncludes(
    result.problems[0]?.message ?? "",
    'current value is "default", which PEFT has none of for its type: name modules, or give "all-linear"',
  );
});

Deno.test("loraParameters() says where a model has no linear modules", () => {
  const headers = [{ name: "x", shape: [100], dtype: "BF16" }];
  const model = modelOfCheckpoint({ id: "x", config: null, headers });
  assert(model.ok);
  const scenario = parseScenario({ model: "x", train: { method: "lora" } });
  assert(scenario.ok);
  const result = estimateScenario(scenario.value, model.value);
  assert(!result.ok);
  assertStringIncludes(
    result.problems[0]?.message ?? "",
    "train.lora.targets must name linear modules, and this model has none",
  );
});

Deno.test("loraParameters() says that it takes attention for square", () => {
  const { assumptions } = tuned("meta-llama/Llama-3.1-8B", {
    targets: ["q_proj", "v_proj"],
  });
  assertStringIncludes(
    assumptions.join("\n"),
    "attention projections for square and counts 8,388,608",
  );
});

Deno.test("loraParameters() counts every projection where no modules are named", () => {
  const said = (lora: Lora): string =>
    JSON.stringify(tuned(LLAMA_2_7B, lora).memory.parts);
  assertEquals(said({}), said({ targets: "all-linear" }));
  const { assumptions } = tuned(LLAMA_2_7B, {});
  assertStringIncludes(
    assumptions.join("\n"),
    "on every projection where no modules are named, and counts 39,976,960",
  );
  // It stands in for another method with what the scenario says.
  const scenario = parseScenario({
    model: LLAMA_2_7B,
    train: { method: "lora" },
  });
  const model = resolveModel(LLAMA_2_7B);
  assert(scenario.ok && model.ok);
  assertEquals(loraParameters(scenario.value, model.value, 0), 8_388_608);
});

Deno.test("loraParameters() grows in step with the rank", () => {
  const at = (rank: number): number =>
    tuned(LLAMA_2_7B, { rank, targets: "all-linear" })
      .model.trainable_parameters;
  assertEquals(at(32), 2 * at(16));
  assertEquals(at(64), 64 * at(1));
});

const MIXTRAL = "mistralai/Mixtral-8x7B-v0.1";

function experts(peft: string | null, targets: Lora["targets"]) {
  return tryEstimate({
    model: MIXTRAL,
    train: { method: "lora", lora: { rank: 8, targets } },
    software: { peft },
  });
}

Deno.test("software.peft says what names of experts' layers mean", () => {
  const of = (peft: string | null) => {
    const result = experts(peft, "all-linear");
    assert(result.ok);
    return result.value;
  };
  assertEquals(of("0.18.1").model.trainable_parameters, 6_815_744);
  assertEquals(of("0.21.2").model.trainable_parameters, 179_832_832);
  const unsaid = of(null);
  assertEquals(unsaid.model.trainable_parameters, 179_832_832);
  const said = JSON.stringify(unsaid);
  assertStringIncludes(said, "trains 6815744 parameters");
});

for (const lora of [{ dropout: 0.1 }, { dora: true }] as Lora[]) {
  const field = Object.keys(lora)[0] ?? "";
  Deno.test(`an unsaid PEFT that stops at ${field} of experts is an older one`, () => {
    const of = (peft: string | null) =>
      tryEstimate({
        model: MIXTRAL,
        train: {
          method: "lora",
          lora: { rank: 8, targets: "all-linear", ...lora },
        },
        software: { peft },
      });
    const [unsaid, older] = [of(null), of("0.18.1")];
    assert(unsaid.ok && older.ok);
    assertEquals(
      unsaid.value.model.trainable_parameters,
      older.value.model.trainable_parameters,
    );
    assertStringIncludes(
      JSON.stringify(unsaid.value),
      `stops (train.lora.${field} must be`,
    );
    const newest = of("0.21.2");
    assert(!newest.ok);
    assertEquals(newest.problems[0]?.path, `train.lora.${field}`);
  });
}

Deno.test("software.peft of 0.20 and later refuses one of two fused layers", () => {
  const result = experts("0.20.0", ["q_proj", "w1"]);
  assert(!result.ok);
  assertEquals(result.problems.map(({ message }) => message), [
    "train.lora.targets must name w3 with w1, which are fused in gate_up_proj",
  ]);
});

for (
  const [lora, message] of [
    [{ targets: ["mlp"] }, "train.lora.targets must name linear layers"],
    [
      { modules_to_save: ["layers"] },
      "that are not in train.lora.modules_to_save",
    ],
    [
      { targets: ["q_proj"], target_parameters: ["norm.weight"] },
      "train.lora.target_parameters must name parameters of 2 or 3 dimensions",
    ],
    [
      { targets: ["q_proj"], target_parameters: ["q_proj.weight"] },
      "train.lora.target_parameters must name no parameter of a module that",
    ],
    [
      { dora: true, target_parameters: ["up_proj.weight"] },
      "train.lora.dora must be false",
    ],
    [
      { targets: ["lm_head"], modules_to_save: ["layers"] },
      "train.lora.modules_to_save must name modules, not a list of them",
    ],
  ] as [Lora, string][]
) {
  Deno.test(`adaptersOf() refuses what PEFT stops at: ${JSON.stringify(lora)}`, () => {
    const result = tryEstimate({
      model: LLAMA_2_7B,
      train: { method: "lora", lora },
    });
    assert(!result.ok);
    assertStringIncludes(result.problems[0]?.message ?? "", message);
  });
}
