import { assert, assertEquals } from "@std/assert";
import { stepPlanOf } from "../../lib/plan/step_plan.ts";
import { askedOf } from "./asked.ts";

/** A small Gemma 3n with both towers. */
const CONFIG = {
  model_type: "gemma3n",
  text_config: {
    model_type: "gemma3n_text",
    hidden_size: 512,
    intermediate_size: 2048,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 128,
    vocab_size: 32000,
    vocab_size_per_layer_input: 32000,
    hidden_size_per_layer_input: 64,
    num_kv_shared_layers: 1,
    laurel_rank: 16,
  },
  vision_config: { hidden_size: 2048, vocab_size: 128 },
  audio_config: {
    hidden_size: 256,
    vocab_size: 128,
    conf_num_hidden_layers: 1,
    conf_num_attention_heads: 4,
  },
};

// Which parameters have a gradient behind a backward pass of this config's model,
// transformers 5.23.0 on a CPU.
Deno.test("Gemma 3n on text alone trains its embedders, and not its towers", () => {
  const { scenario, model } = askedOf({
    task: "train",
    model: { config: CONFIG },
    train: { micro_batch: 1, sequence_length: 128 },
  });
  const plan = stepPlanOf(scenario, model);
  assert(!("reason" in plan));
  const names = plan.inventory.trained.map(({ name }) => name);
  assertEquals(
    names.filter((name) => /\.embed_(audio|vision)\./.test(name)).sort(),
    ["audio", "vision"].flatMap((sense) =>
      ["embedding", "embedding_projection", "hard_embedding_norm"].map((part) =>
        `model.embed_${sense}.${part}.weight`
      )
    ),
  );
  assertEquals(names.filter((name) => name.includes("_tower")), []);
});
