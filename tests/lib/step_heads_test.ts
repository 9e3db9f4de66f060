import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { estimated, holds, played } from "./played.ts";

const CONFIG = {
  model_type: "llama",
  hidden_size: 512,
  intermediate_size: 1408,
  num_hidden_layers: 3,
  num_attention_heads: 8,
  num_key_value_heads: 2,
  vocab_size: 32_000,
  tie_word_embeddings: false,
};

function scenario(
  named: string,
  more: Record<string, unknown> = {},
  train: Record<string, unknown> = {},
): ScenarioInput {
  return {
    model: { config: { ...CONFIG, architectures: [named], ...more } },
    train: { micro_batch: 2, sequence_length: 512, ...train },
    software: { model_code: "transformers" },
  } as ScenarioInput;
}

const CLASSES = [
  "LlamaForSequenceClassification",
  "LlamaForTokenClassification",
  "LlamaForQuestionAnswering",
  "LlamaModel",
];

Deno.test("a decoder without a vocabulary's head plays none, by any method of training", () => {
  const methods = [{}, { method: "lora" }, { method: "qlora" }, {
    checkpointing: "full",
  }];
  for (const named of CLASSES) {
    for (const train of methods) holds(scenario(named, {}, train));
    const { forward } = played(scenario(named)).phases;
    const whole = played(scenario("LlamaForCausalLM")).phases.forward;
    // fp32 logits of each token alone are more than that.
    assert(whole - forward > 2 * 512 * CONFIG.vocab_size * 4, named);
  }
});

Deno.test("a head of token classes gives as many logits as there are labels", () => {
  const bytes = (num_labels: number) => {
    const step = played(scenario(CLASSES[1] ?? "", { num_labels }));
    return step.plan.inventory.trained.find(({ name }) =>
      name === "score.weight"
    )
      ?.elements;
  };
  assertEquals([bytes(3), bytes(9)], [3 * 512, 9 * 512]);
});

Deno.test("LoRA of a classifier trains a copy of its score, and says so", () => {
  const { trainable_parameters } = estimated(
    scenario("LlamaForSequenceClassification", { num_labels: 1 }, {
      method: "lora",
      lora: { rank: 8, targets: ["q_proj"] },
    }),
  ).model;
  assertEquals(trainable_parameters, 3 * 8 * (512 + 512) + 512);
  const { assumptions } = estimated(
    scenario("LlamaForSequenceClassification", {}, { method: "lora" }),
  );
  assert(
    assumptions.some((text) =>
      text.startsWith("score trains as a copy beside the adapters")
    ),
    assumptions.join("\n"),
  );
});

Deno.test("a model without a head says that its loss is assumed", () => {
  const { assumptions, warnings } = estimated(scenario("LlamaModel"));
  assert(
    assumptions.some((text) => /last token of each sequence/.test(text)),
    assumptions.join("\n"),
  );
  assert(
    warnings.some((text) => /has no head and takes no loss/.test(text)),
    warnings.join("\n"),
  );
});

Deno.test("a class that the type does not have is warned of in every answer", () => {
  for (const named of ["MistralForCausalLM", "LlamaForNobody"]) {
    const [first = ""] = estimated(scenario(named)).warnings;
    assertMatch(
      first,
      new RegExp(`^model.config.architectures names "${named}"`),
    );
  }
});

Deno.test("a chunked loss has no effect on labels, which is said", () => {
  const input = scenario(CLASSES[0] ?? "", {}, { loss: "chunked" });
  const { warnings } = estimated(input);
  assert(
    warnings.some((text) =>
      text.startsWith("train.loss chunked has no effect")
    ),
    warnings.join("\n"),
  );
});
