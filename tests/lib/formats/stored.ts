import { storedModelOf } from "../../../lib/formats/mod.ts";
import type {
  StoredModel,
  StoredTensor,
} from "../../../lib/formats/stored_model.ts";
import type { Result } from "../../../lib/scenario/parse_scenario.ts";
import { parseScenario } from "../../../lib/scenario/parse_scenario.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";
import { assertOk } from "../results.ts";

/** The checkpoint of a serving Scenario, or what is wrong with it. */
export function storedOf(input: Record<string, unknown>): Result<StoredModel> {
  const scenario = parseScenario({
    task: "serve",
    serve: { engine: "vllm" },
    ...input,
  });
  assertOk(scenario);
  const model = resolveModel(scenario.value.model);
  assertOk(model);
  return storedModelOf(scenario.value, model.value);
}

/** The checkpoint of a serving Scenario that has one. */
export function checkpointOf(input: Record<string, unknown>): StoredModel {
  const stored = storedOf(input);
  assertOk(stored);
  return stored.value;
}

/** A small Llama with a quantiser's settings. */
export function smallLlama(
  settings: Record<string, unknown>,
  more: Record<string, unknown> = {},
): { model: { config: Record<string, unknown> } } {
  return {
    model: {
      config: {
        model_type: "llama",
        vocab_size: 1024,
        hidden_size: 512,
        intermediate_size: 1024,
        num_hidden_layers: 4,
        num_attention_heads: 8,
        num_key_value_heads: 4,
        tie_word_embeddings: false,
        torch_dtype: "bfloat16",
        quantization_config: settings,
        ...more,
      },
    },
  };
}

/** The parts that a tensor is stored in, by the end of its name. */
export function named(
  { tensors }: StoredModel,
  ending: string,
): readonly StoredTensor[] {
  return tensors.filter(({ tensor }) => tensor.name.endsWith(ending));
}

/** Bytes of a tensor's arrays by their names. */
export function piecesOf(
  checkpoint: StoredModel,
  ending: string,
): Record<string, number> {
  const [stored] = named(checkpoint, ending);
  return Object.fromEntries(
    (stored?.pieces ?? []).map(({ name, bytes }) => [name, bytes]),
  );
}
