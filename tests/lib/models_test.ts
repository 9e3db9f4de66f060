import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CATALOGUE, estimate } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import type { Config } from "../../lib/models/config.ts";
import type { Model } from "../../lib/models/model.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { assertOk } from "./results.ts";

interface Known {
  name: string;
  parameters: number;
  config: Config;
  dims: Record<string, number>;
}

const llama = (
  layers: number,
  hidden_size: number,
  kv_heads: number,
  intermediate_size: number,
  vocab_size: number,
): Record<string, number> => ({
  layers,
  hidden_size,
  attention_heads: 32,
  kv_heads,
  intermediate_size,
  vocab_size,
});
const configOf = (
  model_type: string,
  dims: Record<string, number>,
): Config => ({
  model_type,
  num_hidden_layers: dims["layers"],
  hidden_size: dims["hidden_size"],
  num_attention_heads: dims["attention_heads"],
  num_key_value_heads: dims["kv_heads"],
  intermediate_size: dims["intermediate_size"],
  vocab_size: dims["vocab_size"],
  tie_word_embeddings: false,
  num_local_experts: dims["experts"],
  num_experts_per_tok: dims["experts_per_token"],
});
const known = (
  name: string,
  type: string,
  parameters: number,
  dims: Record<string, number>,
): Known => ({ name, parameters, config: configOf(type, dims), dims });

const KNOWN: Known[] = [
  known(
    "meta-llama/Llama-3.1-8B",
    "llama",
    8_030_261_248,
    llama(32, 4_096, 8, 14_336, 128_256),
  ),
  known(
    "meta-llama/Llama-2-7b-hf",
    "llama",
    6_738_415_616,
    llama(32, 4_096, 32, 11_008, 32_000),
  ),
  known("mistralai/Mixtral-8x7B-v0.1", "mixtral", 46_702_792_704, {
    ...llama(32, 4_096, 8, 14_336, 32_000),
    experts: 8,
    experts_per_token: 2,
  }),
  known(
    "mistralai/Mistral-7B-v0.1",
    "mistral",
    7_241_732_096,
    llama(32, 4_096, 8, 14_336, 32_000),
  ),
];

function resolved(model: ScenarioInput["model"]): Model {
  const result = resolveModel(model);
  assertOk(result);
  return result.value;
}

for (const { name, parameters, config, dims } of KNOWN) {
  Deno.test(`resolveModel() counts ${name} alike by name, config and dims`, () => {
    const catalogued = resolved(name);
    const fromConfig = resolved({ config });
    const described = resolved(tidy(dims));
    assertEquals(catalogued.parameters, parameters);
    assertEquals(fromConfig.parameters, parameters);
    assertEquals(described.parameters, parameters);
    assertEquals(
      [catalogued.source, fromConfig.source, described.source],
      ["catalogue", "config", "dims"],
    );
    assertEquals(fromConfig.active_parameters, catalogued.active_parameters);
    assertEquals(described.active_parameters, catalogued.active_parameters);
    assertEquals(described.parameters_basis, "derived");
  });
}

Deno.test("resolveModel() counts two of Mixtral's eight experts as active", () => {
  assertEquals(
    resolved("mistralai/Mixtral-8x7B-v0.1").active_parameters,
    12_879_925_248,
  );
});

Deno.test("estimate() names dims.parameters that disagree, and by how much", () => {
  const dims = llama(32, 4_096, 8, 14_336, 128_256);
  const said = (parameters: string): string =>
    estimate({
      model: { dims: { ...dims, parameters } },
    } as unknown as ScenarioInput).assumptions.join("\n");
  assertStringIncludes(
    said("9B"),
    "model.dims.parameters (9,000,000,000) and the dimensions disagree: " +
      "they give 8,030,261,248 (+12.1 %)",
  );
  assertStringIncludes(said("7B"), "(-12.8 %)");
  assert(!said("8.03B").includes("disagree"));
});

Deno.test("resolveModel() gives every catalogue entry positive whole counts", () => {
  for (const { id } of CATALOGUE) {
    const { parameters, active_parameters, architecture } = resolved(id);
    assert(Number.isSafeInteger(parameters) && parameters > 0, id);
    assert(Number.isSafeInteger(active_parameters), id);
    assert(active_parameters > 0 && active_parameters <= parameters, id);
    if (architecture.experts === 0) assertEquals(active_parameters, parameters);
    else assert(active_parameters < parameters, id);
  }
});

Deno.test("CATALOGUE has 600 models or more, ordered by ids that are unique", () => {
  const ids = CATALOGUE.map(({ id }) => id.toLowerCase());
  assert(ids.length >= 600);
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(ids, [...ids].sort());
});

/** Dims as `parseScenario` gives them. */
function tidy(dims: Record<string, number>): ScenarioInput["model"] {
  return {
    dims: { ...dims, tie_embeddings: false, gated_mlp: true },
  } as ScenarioInput["model"];
}
