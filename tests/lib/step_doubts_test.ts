import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bandOf, widened } from "../../lib/evidence/band.ts";
import type { DoubtRow, StepEvidence } from "../../lib/evidence/doubt.ts";
import { doubtOf, FIRST_SIGHT } from "../../lib/evidence/doubt.ts";
import type { ComparedStep } from "../../lib/evidence/doubt_rows.ts";
import { doubtRows, ratchet } from "../../lib/evidence/doubt_rows.ts";
import type { StepKind } from "../../lib/methods/step_kind.ts";
import { stepKindOf } from "../../lib/methods/step_kind.ts";
import { tracedKindsOf } from "../../lib/evidence/traced_kinds.ts";
import { estimate } from "../../lib/mod.ts";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import { codeOf } from "../../lib/plan/code_type.ts";

const PLAIN: StepKind = {
  type: "llama",
  method: "full",
  settings: [],
  extras: [],
  optimizer: "adamw fused",
};
const EAGER = { ...PLAIN, settings: ["attention eager"] };
const EAGER_FP32 = { ...PLAIN, settings: ["attention eager", "fp32 weights"] };

function evidence(steps: readonly ComparedStep[]): StepEvidence {
  return {
    traced: tracedKindsOf(steps.map(({ kind }) => kind)),
    doubts: doubtRows(steps),
  };
}

function step(kind: StepKind, phase: string, error: number): ComparedStep {
  return { kind, errors: [["forward", 0], [phase, error]] };
}

Deno.test("doubtOf() doubts nothing that was traced and is right", () => {
  const { low, high, texts } = doubtOf(
    PLAIN,
    evidence([step(PLAIN, "backward", 0.004)]),
  );
  assertEquals([low, high, texts], [1, 1, []]);
});

Deno.test("a known error names its kind and size, and widens the band to where the truth was", () => {
  const seen = evidence([
    step(PLAIN, "backward", 0),
    step(EAGER, "forward", -0.2),
    step(EAGER, "backward", 0.25),
  ]);
  const { low, high, texts } = doubtOf(EAGER, seen);
  assertEquals([low, high], [1 / 1.25, 1 / 0.8]);
  assertEquals(texts.length, 1);
  assertStringIncludes(
    texts[0] ?? "",
    "(llama, full training, attention eager) are played up to 20.0 % too low and 25.0 % too high",
  );
  const scenario = parseScenario({ model: "meta-llama/Llama-3.1-8B" });
  assert(scenario.ok);
  const band = bandOf("timeline", scenario.value);
  assert(band);
  const wide = widened(band, { low, high, texts });
  assert(wide.low < band.low && wide.high > band.high && wide.doubted);
});

Deno.test("a known error is every kind's that has its settings, unless that was traced right itself", () => {
  const wrong = [step(PLAIN, "backward", 0), step(EAGER, "forward", -0.2)];
  const fp32 = step({ ...PLAIN, settings: ["fp32 weights"] }, "forward", 0);
  assertEquals(doubtOf(EAGER_FP32, evidence([...wrong, fp32])).texts.length, 1);
  const right = step(EAGER_FP32, "forward", 0);
  assertEquals(doubtOf(EAGER_FP32, evidence([...wrong, right])).texts, []);
  assertEquals(doubtOf(PLAIN, evidence(wrong)).texts, []);
});

Deno.test("a kind that was not traced is doubted by the worst error near it", () => {
  const more = { ...PLAIN, settings: ["attention eager", "autocast"] };
  const lora: StepKind = { ...PLAIN, method: "lora" };
  const seen = (error: number, ...others: ComparedStep[]): StepEvidence =>
    evidence([
      step(more, "forward", error),
      step({ ...PLAIN, settings: ["fp32 weights"] }, "forward", 0),
      step({ ...lora, settings: ["attention eager"] }, "forward", 0),
      ...others,
    ]);
  // Fewer settings than what is wrong, or the same by another way of training.
  for (const kind of [EAGER, lora, { ...more, method: "lora" as const }]) {
    const { high, texts } = doubtOf(kind, seen(-0.2));
    assert(high >= 1 / 0.8);
    assertStringIncludes(texts[0] ?? "", "20.0 % too low");
    assertStringIncludes(texts[0] ?? "", "like this one");
  }
  // What is wrong runs code beside the model's that the step does not run.
  const beside = step({ ...more, extras: ["tiled MLP"] }, "forward", -0.2);
  const alone = [beside, step({ ...PLAIN, settings: [] }, "forward", 0)];
  assert(doubtOf(EAGER, evidence(alone)).high < 1 / 0.8);
  // Traced itself, of another type, with other settings, or hardly wrong.
  const ownStep = step(EAGER, "forward", 0);
  assertEquals(doubtOf(EAGER, seen(-0.2, ownStep)).texts, []);
  const phi = step({ ...PLAIN, type: "phi" }, "forward", 0);
  const of = doubtOf(
    { ...PLAIN, type: "phi", method: "full" },
    seen(-0.2, phi),
  );
  assertEquals(of.texts, []);
  const fp32 = { ...PLAIN, settings: ["fp32 weights"] };
  assertEquals(doubtOf(fp32, seen(-0.2)).texts, []);
  assertEquals(doubtOf(EAGER, seen(-0.02)).texts, []);
});

Deno.test("an error of the optimizer's step alone is every model's", () => {
  const seen = evidence([
    step({ ...PLAIN, optimizer: "rprop foreach" }, "optimizer", -0.1),
    step({ ...PLAIN, type: "phi" }, "optimizer", 0),
  ]);
  const of = (optimizer: string) =>
    doubtOf({ ...PLAIN, type: "phi", optimizer }, seen).texts.length;
  assertEquals([of("rprop foreach"), of("adamw fused")], [1, 0]);
});

Deno.test("what was never traced is doubted by name: type, method or setting", () => {
  const seen = evidence([
    step(PLAIN, "forward", 0),
    step({ ...EAGER, type: "phi" }, "forward", 0),
    step({ ...PLAIN, method: "lora", extras: ["DoRA"] }, "forward", 0),
  ]);
  const told = (kind: StepKind) => {
    const doubt = doubtOf(kind, seen);
    assertEquals([doubt.low, doubt.high], [FIRST_SIGHT.low, FIRST_SIGHT.high]);
    return doubt.texts.join();
  };
  assertStringIncludes(told({ ...PLAIN, type: "new" }), 'type "new" is played');
  assertStringIncludes(told({ ...PLAIN, method: "qlora" }), "with QLoRA;");
  assertStringIncludes(told(EAGER), "full training and attention eager;");
  assertStringIncludes(
    told({ ...PLAIN, method: "lora", extras: ["LoRA dropout"] }),
    "LoRA and LoRA dropout;",
  );
});

Deno.test("the ratchet refuses greater errors and new ones, and asks for smaller ones to be written", () => {
  const row = (low: number, high: number): DoubtRow => ({
    ...{ type: "llama", method: "full", settings: [], optimizer: null },
    low,
    high,
  });
  const sides = (recorded: DoubtRow[], now: DoubtRow[]) => {
    const { worse, better } = ratchet(recorded, now);
    return [worse.length, better.length];
  };
  assertEquals(sides([row(-0.1, 0)], [row(-0.1, 0)]), [0, 0]);
  assertEquals(sides([row(-0.1, 0)], [row(-0.101, 0)]), [1, 0]);
  assertEquals(sides([row(-0.1, 0)], [row(-0.1, 0.01)]), [1, 0]);
  assertEquals(sides([], [row(0, 0.01)]), [1, 0]);
  assertEquals(sides([row(-0.1, 0)], [row(-0.09, 0)]), [0, 1]);
  assertEquals(sides([row(-0.1, 0)], []), [0, 1]);
});

Deno.test("doubtRows() leaves nothing out that is beyond the tolerance", () => {
  const rows = doubtRows([
    step(PLAIN, "steady", 0.0011),
    step(EAGER, "forward", 0.0049),
    step(EAGER_FP32, "forward", 0.0051),
  ]);
  assertEquals(rows.map(({ settings, high }) => [settings.length, high]), [
    [0, 0.002],
    [2, 0.006],
  ]);
});

Deno.test("estimate() warns of a type that was never traced and widens its band", () => {
  const config = {
    model_type: "starcoder3",
    hidden_size: 512,
    intermediate_size: 1408,
    num_hidden_layers: 3,
    num_attention_heads: 8,
    vocab_size: 8000,
  };
  const of = (model_type: string) =>
    estimate({ model: { config: { ...config, model_type } } });
  const [known, unknown] = [of("llama"), of("starcoder3")];
  const reach = ({ memory }: typeof known) =>
    (memory.high_bytes ?? 0) / memory.device_peak_bytes;
  assert(reach(unknown) > 1.2 * reach(known));
  const text = "its code was not traced";
  assertEquals(known.warnings.filter((each) => each.includes(text)), []);
  assertEquals(
    unknown.warnings.filter((each) => each.includes(text)).length,
    1,
  );
});

Deno.test("a step is of the head that its model has, however the scenario names it", () => {
  const config = {
    model_type: "llama",
    architectures: ["LlamaForSequenceClassification"],
    hidden_size: 512,
    intermediate_size: 1408,
    num_hidden_layers: 3,
    num_attention_heads: 8,
    vocab_size: 8000,
  };
  const model = modelOfConfig(config, { name: "a/reward", source: "config" });
  assert(model.ok);
  for (const given of ["a/reward", { config }]) {
    const scenario = parseScenario({ model: given });
    assert(scenario.ok);
    const code = codeOf(model.value, scenario.value);
    const { extras } = stepKindOf(scenario.value, code, "fused");
    assertEquals(extras, ["labels of sequences"]);
  }
});

Deno.test("a doubt names the type that ranks compute in, where weights have another", () => {
  const rows = evidence([step(EAGER, "backward", -0.1)]);
  const said = (kind: StepKind) => doubtOf(kind, rows).texts.join();
  assertStringIncludes(
    said({ ...EAGER, computed: "bf16" }),
    "(llama, full training, attention eager, computed in bf16)",
  );
  assert(!said(EAGER).includes("computed in"));
});
