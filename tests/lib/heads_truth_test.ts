import { assertEquals } from "@std/assert";
import { FAMILIES } from "../../lib/models/families/mod.ts";
import classes from "../../lib/models/heads/classes.json" with { type: "json" };
import { resolveModel } from "../../lib/models/resolve_model.ts";
import heads from "../truth/random_heads.json" with { type: "json" };
import perturbed from "../truth/perturbed.json" with { type: "json" };
import recipes from "../truth/recipes.json" with { type: "json" };
import type { Truth } from "./tensor_truth.ts";
import { bufferBytes, expected, tally } from "./tensor_truth.ts";

const models = heads as unknown as Truth[];

/** Types whose code is not in transformers, or whose class builds of no defaults. */
const FOREIGN = [
  "baichuan",
  "bailing_moe",
  "bailing_moe_v2",
  "chatglm",
  "deepseek_vl_v2",
  "dots_ocr",
  "grok-1",
  "internlm2",
  "internvl_chat",
  "kimi_k2",
  "kimi_k3",
  "kimi_vl",
  "mimo",
  "minicpm",
  "minicpmv",
  "molmo",
  "nanovlm",
  "nemotron-nas",
  "ovis2_5",
  "phi3_v",
  "phi4mm",
  "qwen3_omni_moe",
  "step3_text",
  "step3_vl",
  "step3p5",
];

/**
 * Types whose buffers changed after the release that parameters.json is of:
 * GPT-2's attentions kept their causal masks.
 */
const OTHER_BUFFERS = new Set(["gpt2"]);

Deno.test("every class of every model type has exactly its tensors", () => {
  const exact = new Set<string>();
  for (const model of models) {
    const { config, model_type } = model;
    const named = `${model_type} ${model.name}`;
    const built = resolveModel({ config });
    if (!built.ok) throw new Error(`${named}: ${JSON.stringify(built)}`);
    const { tensors, buffers, parameters, parameters_basis, doubts } =
      built.value;
    assertEquals(tally(tensors), expected(model), named);
    assertEquals(parameters, model.total, named);
    assertEquals([parameters_basis, doubts], ["exact", []], named);
    if (!OTHER_BUFFERS.has(model_type)) {
      assertEquals(bufferBytes(buffers), model.buffer_bytes, named);
    }
    exact.add(`${model_type} ${model.class}`);
  }
  // recipes_test holds formulas to these.
  for (const { model_type, class: name } of recipes) {
    exact.add(`${model_type} ${name}`);
  }
  // perturbed_test holds those that it does not know as otherwise.
  const otherwise = new Set<string>(perturbed.otherwise);
  for (const { name } of perturbed.models) {
    if (!otherwise.has(name)) exact.add(name.replace(/ \d+$/, ""));
  }
  const all = Object.entries(classes).flatMap(([type, names]) =>
    names.map((name) => `${type} ${name}`)
  );
  assertEquals(all.filter((each) => !exact.has(each)), []);
  console.log(`${all.length} classes, all exact`);
});

Deno.test("every model type has its classes listed, or code of its own", () => {
  assertEquals(
    Object.keys(FAMILIES).filter((type) => !Object.hasOwn(classes, type))
      .sort(),
    FOREIGN,
  );
});
