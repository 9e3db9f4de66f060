import { assert, assertEquals } from "@std/assert";
import type { HeaderTensor } from "../../lib/models/headers/mod.ts";
import { modelOfCheckpoint } from "../../lib/models/model_of_checkpoint.ts";
import type { Model } from "../../lib/models/model.ts";
import { headersOf } from "./headers.ts";
import type { Store } from "./packed_headers.ts";
import { knownModel, STORES, tensor } from "./packed_headers.ts";
import { assertOk } from "./results.ts";

/** The checkpoint of a model whose linear layers a quantiser has stored. */
function packed(model: Model, store: Store): HeaderTensor[] {
  return headersOf(model.tensors, (stored, of) => {
    const [outputs = 0, inputs = 0] = stored.shape;
    return of.quantized && of.module === "linear" && stored.shape.length === 2
      ? store(stored.name.replace(/\.weight$/, ""), outputs, inputs)
      : [stored];
  });
}

// Plain, with a tied head, with biases.
const MODELS = [
  "meta-llama/Llama-3.1-8B",
  "meta-llama/Llama-3.2-1B",
  "Qwen/Qwen2.5-7B",
];

for (const [scheme, store] of Object.entries(STORES)) {
  Deno.test(`modelOfCheckpoint() unpacks ${scheme}`, () => {
    for (const name of MODELS) {
      const { model, config } = knownModel(name);
      const headers = packed(model, store);
      assert(headers.length > 200 || name.endsWith("1B"));
      for (const given of [{ ...config, quantization_config: {} }, null]) {
        const read = modelOfCheckpoint(
          { id: "a/b", config: given, headers },
          "headers",
        );
        assertOk(read);
        assertEquals(read.value.parameters, model.parameters, name);
        assertEquals(read.value.source, "headers");
        if (given === null) continue;
        assertEquals(
          read.value.notes.filter((note) => note.includes("differs")),
          [],
        );
        assert(read.value.notes.some((note) => note.includes("quantised")));
      }
    }
  });
}

Deno.test("modelOfCheckpoint() unpacks gpt-oss's MXFP4 to what its config describes", () => {
  const { model, config } = knownModel("openai/gpt-oss-20b");
  const headers = headersOf(model.tensors, (stored) => {
    const { name, shape } = stored;
    const [experts = 0, inputs = 0, outputs = 0] = shape;
    if (!/_proj$/.test(name) || shape.length !== 3) return [stored];
    return [
      tensor(`${name}_blocks`, "U8", experts, outputs, inputs / 32, 16),
      tensor(`${name}_scales`, "U8", experts, outputs, inputs / 32),
    ];
  });
  assert(headers.some(({ name }) => name.endsWith("_blocks")));
  const read = modelOfCheckpoint({ id: "a/b", config, headers }, "headers");
  assert(read.ok);
  assertEquals(read.value.parameters, 20_914_757_184);
  assertEquals(read.value.active_parameters, model.active_parameters);
  assertEquals(read.value.notes, ["The checkpoint is quantised: MXFP4"]);
  const bare = modelOfCheckpoint({ id: "a/b", config: null, headers });
  assert(bare.ok);
  const { attention_heads, kv_heads, head_dim, experts } =
    bare.value.architecture;
  assertEquals([attention_heads, kv_heads, head_dim, experts], [64, 8, 64, 32]);
});

Deno.test("modelOfCheckpoint() counts DeepSeek's fp8 experts one by one", () => {
  const { model, config } = knownModel("deepseek-ai/DeepSeek-V3");
  const headers = headersOf(model.tensors, (stored, of) => {
    const { name, shape } = stored;
    const [experts = 0, ...rest] = shape;
    if (!of.expert) return [stored];
    const gate = name.endsWith("gate_up_proj");
    const words = gate ? ["gate_proj", "up_proj"] : ["down_proj"];
    const [outputs = 0, inputs = 0] = rest;
    return Array.from({ length: experts }, (_, at) =>
      words.flatMap((word) => {
        const base = name.replace(/experts\..*$/, `experts.${at}.${word}`);
        const rows = gate ? outputs / 2 : outputs;
        return [
          tensor(`${base}.weight`, "F8_E4M3", rows, inputs),
          tensor(`${base}.weight_scale_inv`, "F32", rows / 128, inputs / 128),
        ];
      })).flat();
  });
  assert(headers.length > 80_000, `${headers.length}`);
  const read = modelOfCheckpoint({ id: "a/b", config, headers }, "headers");
  assert(read.ok);
  assertEquals(read.value.parameters, model.parameters);
  assertEquals(read.value.active_parameters, model.active_parameters);
  assertEquals(read.value.notes.filter((note) => note.includes("differs")), []);
});
