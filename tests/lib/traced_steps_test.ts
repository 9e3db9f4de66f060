import { assert } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import steps from "../truth/traced_steps.json" with { type: "json" };
import type { Traced } from "./traced.ts";
import { errorsOf, errorsText } from "./traced.ts";

/** Steps that are not reached yet or are not meant to be, and why. */
const APART: readonly (readonly [names: RegExp, why: string])[] = [
  [
    /^(qwen2|gemma2|cohere2) full bf16 checkpointing$/,
    "the tracer adds a tied gradient into a new tensor, a GPU in place",
  ],
  [
    /^(mixtral|qwen3_moe|qwen2_moe|olmoe|deepseek).* lora/,
    "PEFT 0.21 adapts fused experts, which no release in the scenario says",
  ],
  [/^mixtral-8x7b lora/, "the same"],
  [/^deepseek_v[23] full/, "the router's groups"],
  [/^falcon /, "its heads"],
  [/^nemotron .*(autocast|eager)/, "its norm adds 1 to its weight in fp32"],
  [/^cohere2 full bf16 sdpa$|^gemma3_text full fp32 sdpa$/, "sliding masks"],
  [/ flash mask$/, "copies of heads without padding"],
  [/^qwen3 fp32 checkpointing eager$/, "the norms of heads"],
  [/ qlora/, "the gradient that PEFT leads to the embeddings"],
  [/^optimizer (adafactor|asgd|rprop|adadelta|adamw auto)/, "step temporaries"],
  [/^gpt_neox qlora/, "the gradient that PEFT leads to the embeddings"],
];

/**
 * What cases of these types leave to the defaults of transformers: the class
 * that was traced, and what decides over tensors.
 */
const DEFAULTS: Readonly<Record<string, Record<string, unknown>>> = {
  bert: { architectures: ["BertForMaskedLM"], max_position_embeddings: 512 },
  roberta: { architectures: ["RobertaForMaskedLM"] },
};

function withDefaults(scenario: ScenarioInput): ScenarioInput {
  const { model } = scenario;
  if (typeof model !== "object" || !("config" in model)) return scenario;
  const { config } = model;
  const own = DEFAULTS[`${config["model_type"]}`] ?? {};
  return { ...scenario, model: { ...model, config: { ...own, ...config } } };
}

Deno.test("playStep() reaches the traced steps, phase by phase", () => {
  const off: string[] = [];
  let reached = 0;
  let apart = 0;
  for (const each of steps as unknown as Traced[]) {
    if (APART.some(([names]) => names.test(each.name))) {
      apart++;
      continue;
    }
    const errors = errorsOf({
      ...each,
      scenario: withDefaults(each.scenario),
    });
    if (!errors) {
      apart++;
      continue;
    }
    const worst = errors.filter(([phase, error]) =>
      Math.abs(error) > (phase === "load" || phase === "steady" ? 1e-3 : 5e-3)
    );
    if (worst.length === 0) reached++;
    else off.push(errorsText(each, worst));
  }
  console.log(
    `${
      reached + off.length
    } traced steps, ${reached} within 0.5 %; ${apart} apart`,
  );
  assert(off.length === 0, off.join("\n"));
});
