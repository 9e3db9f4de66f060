import { assertEquals, assertStringIncludes } from "@std/assert";
import { storedModelOf } from "../../../lib/formats/mod.ts";
import type { StoredModel } from "../../../lib/formats/stored_model.ts";
import type { Config } from "../../../lib/models/config.ts";
import type { HeaderTensor } from "../../../lib/models/headers/mod.ts";
import { tensorsOfHeaders } from "../../../lib/models/headers/mod.ts";
import { modelOfCheckpoint } from "../../../lib/models/model_of_checkpoint.ts";
import { copiesOf } from "../../../lib/models/tensors/tensor.ts";
import { parseScenario } from "../../../lib/scenario/parse_scenario.ts";
import { headersOf } from "../headers.ts";
import { knownModel, STORES, tensor } from "../packed_headers.ts";
import { assertOk } from "../results.ts";

function served(
  headers: readonly HeaderTensor[],
  config: Config | null,
): StoredModel {
  const model = modelOfCheckpoint({ id: "a/b", config, headers }, "headers");
  assertOk(model);
  const scenario = parseScenario({
    model: "a/b",
    task: "serve",
    serve: { engine: "vllm" },
  });
  assertOk(scenario);
  const stored = storedModelOf(scenario.value, model.value);
  assertOk(stored);
  return stored.value;
}

for (const [scheme, store] of Object.entries(STORES)) {
  Deno.test(`headers tell every byte of ${scheme}`, () => {
    const { model } = knownModel("meta-llama/Llama-3.1-8B");
    const headers = headersOf(model.tensors, (stored, of) => {
      const [outputs = 0, inputs = 0] = stored.shape;
      return of.quantized && of.module === "linear"
        ? store(stored.name.replace(/\.weight$/, ""), outputs, inputs)
        : [stored];
    });
    const { bytes, basis } = served(headers, null);
    assertEquals(bytes, tensorsOfHeaders(headers).bytes);
    assertEquals(basis, "exact");
  });
}

const SMALL: readonly HeaderTensor[] = [
  tensor("model.embed_tokens.weight", "BF16", 100, 64),
  ...[0, 1, 2].flatMap((layer) => [
    tensor(
      `model.layers.${layer}.mlp.down_proj.weight`,
      layer === 1 ? "BF16" : "F8_E4M3",
      64,
      128,
    ),
    ...(layer === 1 ? [] : [
      tensor(`model.layers.${layer}.mlp.down_proj.weight_scale`, "F32", 1),
    ]),
  ]),
  tensor("model.norm.weight", "F32", 64),
];

Deno.test("layers that are stored unlike stand apart", () => {
  const { tensors, bytes, scheme } = served(SMALL, null);
  assertEquals(bytes, 12_800 + 2 * (8192 + 4) + 16_384 + 256);
  assertStringIncludes(scheme, "f8_e4m3");
  const down = tensors.filter(({ tensor: { name } }) =>
    name.endsWith("down_proj.weight")
  );
  assertEquals(
    down.map((stored) => [stored.format, copiesOf(stored.tensor)]).sort(),
    [["bf16", 1], ["f8_e4m3", 2]],
  );
});

Deno.test("a config's quantiser goes before the headers' types", () => {
  const { model, config } = knownModel("meta-llama/Llama-3.1-8B");
  const { scheme } = served(headersOf(model.tensors), {
    ...config,
    quantization_config: { quant_method: "awq", bits: 4, group_size: 128 },
  });
  assertEquals(scheme, "AWQ, 4 bits, groups of 128");
});
