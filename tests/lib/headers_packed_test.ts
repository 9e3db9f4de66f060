import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findModel } from "../../lib/mod.ts";
import type { Config } from "../../lib/models/config.ts";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import type { HeaderTensor } from "../../lib/models/headers/mod.ts";
import { tensorsOfHeaders } from "../../lib/models/headers/mod.ts";
import { modelOfCheckpoint } from "../../lib/models/model_of_checkpoint.ts";
import type { Model } from "../../lib/models/model.ts";
import { headersOf } from "./headers.ts";

/** How a quantiser stores a linear layer's weight [outputs, inputs]. */
type Store = (base: string, outputs: number, inputs: number) => HeaderTensor[];

const tensor = (
  name: string,
  dtype: string,
  ...shape: number[]
): HeaderTensor => ({ name, dtype, shape });

const gptq = (bits: number): Store => (base, outputs, inputs) => [
  tensor(`${base}.qweight`, "I32", inputs * bits / 32, outputs),
  tensor(`${base}.qzeros`, "I32", inputs / 128, outputs * bits / 32),
  tensor(`${base}.scales`, "F16", inputs / 128, outputs),
  tensor(`${base}.g_idx`, "I32", inputs),
];

const mlx = (bits: number): Store => (base, outputs, inputs) => [
  tensor(`${base}.weight`, "U32", outputs, inputs * bits / 32),
  tensor(`${base}.scales`, "F16", outputs, inputs / 64),
  tensor(`${base}.biases`, "F16", outputs, inputs / 64),
];

const compressed = (bits: number, group: number): Store => (base, out, inp) => [
  tensor(`${base}.weight_packed`, "I32", out, inp * bits / 32),
  tensor(`${base}.weight_scale`, "BF16", out, group ? inp / group : 1),
  tensor(`${base}.weight_shape`, "I64", 2),
];

/** Layouts as the quantisers' own code writes them. */
const STORES: Record<string, Store> = {
  "GPTQ, 4 bits": gptq(4),
  "GPTQ, 8 bits": gptq(8),
  "GPTQ, 3 bits": gptq(3),
  "GPTQ, 2 bits": gptq(2),
  "AWQ": (base, outputs, inputs) => [
    tensor(`${base}.qweight`, "I32", inputs, outputs / 8),
    tensor(`${base}.qzeros`, "I32", inputs / 128, outputs / 8),
    tensor(`${base}.scales`, "F16", inputs / 128, outputs),
  ],
  "bitsandbytes NF4, double quantisation": (base, outputs, inputs) => [
    tensor(`${base}.weight`, "U8", outputs * inputs / 2, 1),
    tensor(`${base}.weight.absmax`, "U8", outputs * inputs / 64),
    tensor(`${base}.weight.quant_map`, "F32", 16),
    tensor(`${base}.weight.nested_absmax`, "F32", outputs * inputs / 64 / 256),
    tensor(`${base}.weight.nested_quant_map`, "F32", 256),
    tensor(`${base}.weight.quant_state.bitsandbytes__nf4`, "U8", 83),
  ],
  "bitsandbytes 8 bits": (base, outputs, inputs) => [
    tensor(`${base}.weight`, "I8", outputs, inputs),
    tensor(`${base}.SCB`, "F32", outputs),
    tensor(`${base}.weight_format`, "U8"),
  ],
  "fp8 with block scales": (base, outputs, inputs) => [
    tensor(`${base}.weight`, "F8_E4M3", outputs, inputs),
    tensor(
      `${base}.weight_scale_inv`,
      "F32",
      Math.ceil(outputs / 128),
      Math.ceil(inputs / 128),
    ),
  ],
  "fp8 with a scale a tensor": (base, outputs, inputs) => [
    tensor(`${base}.weight`, "F8_E4M3", outputs, inputs),
    tensor(`${base}.weight_scale`, "F32", 1),
    tensor(`${base}.input_scale`, "F32", 1),
  ],
  "NVFP4 of ModelOpt": (base, outputs, inputs) => [
    tensor(`${base}.weight`, "U8", outputs, inputs / 2),
    tensor(`${base}.weight_scale`, "F8_E4M3", outputs, inputs / 16),
    tensor(`${base}.weight_scale_2`, "F32"),
    tensor(`${base}.input_scale`, "F32"),
  ],
  "NVFP4 of compressed-tensors": (base, outputs, inputs) => [
    tensor(`${base}.weight_packed`, "U8", outputs, inputs / 2),
    tensor(`${base}.weight_scale`, "F8_E4M3", outputs, inputs / 16),
    tensor(`${base}.weight_global_scale`, "F32", 1),
    tensor(`${base}.input_global_scale`, "F32", 1),
  ],
  "compressed-tensors int4, groups of 128": compressed(4, 128),
  "compressed-tensors int4, a scale a row": compressed(4, 0),
  "compressed-tensors int8, a scale a row": compressed(8, 0),
  "MLX, 4 bits": mlx(4),
  "MLX, 3 bits": mlx(3),
  "MLX, 6 bits": mlx(6),
  "MLX, 8 bits": mlx(8),
  "MLX, 4 and 6 bits mixed": (base, outputs, inputs) =>
    mlx(/v_proj|down_proj/.test(base) ? 6 : 4)(base, outputs, inputs),
  "HQQ, 4 bits": (base, outputs, inputs) => [
    tensor(`${base}.W_q`, "U8", outputs * inputs / 64 / 2, 64),
    tensor(`${base}.scale`, "F16", outputs * inputs / 64, 1),
    tensor(`${base}.zero`, "F16", outputs * inputs / 64, 1),
    tensor(`${base}.shape`, "I32", 2),
    tensor(`${base}.nbits`, "I32"),
    tensor(`${base}.axis`, "I32"),
    tensor(`${base}.group_size`, "I32"),
  ],
  "HQQ, 3 bits": (base, outputs, inputs) => [
    // Ten 3-bit numbers an integer: the last row is filled up.
    tensor(
      `${base}.W_q`,
      "I32",
      Math.ceil(outputs * inputs / 64 / 10),
      64,
    ),
    tensor(`${base}.scale`, "F16", outputs * inputs / 64, 1),
    tensor(`${base}.zero`, "F16", outputs * inputs / 64, 1),
  ],
};

function knownModel(name: string): { model: Model; config: Config } {
  const config = findModel(name)?.config ?? {};
  const model = modelOfConfig(config, { name, source: "config" });
  assert(model.ok, name);
  return { model: model.value, config };
}

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
        assert(read.ok, JSON.stringify(read));
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

Deno.test("modelOfCheckpoint() says in one sentence what a checkpoint has otherwise", () => {
  const { model, config } = knownModel("meta-llama/Llama-3.2-1B");
  const headers = headersOf(model.tensors);
  const noteOf = (changed: HeaderTensor[]): string => {
    const read = modelOfCheckpoint({ id: "a/b", config, headers: changed });
    assert(read.ok);
    assertEquals(read.value.notes.length, 1);
    return read.value.notes[0] ?? "";
  };
  const lacking = headers.filter(({ name }) => name !== "model.norm.weight");
  assertEquals(
    noteOf(lacking),
    "The checkpoint differs from its config (-2,048 parameters): it lacks model.norm.weight",
  );
  assertStringIncludes(
    noteOf([...headers, tensor("value_head.weight", "F32", 1, 2048)]),
    "(+2,048 parameters): it also has value_head.weight",
  );
  const wider = headers.map((given) =>
    given.name.endsWith("embed_tokens.weight")
      ? { ...given, shape: [128_264, 2048] }
      : given
  );
  assertStringIncludes(
    noteOf(wider),
    "it has model.embed_tokens.weight as [128264, 2048] instead of [128256, 2048]",
  );
  const copied = [...headers, tensor("lm_head.weight", "BF16", 128_256, 2048)];
  const read = modelOfCheckpoint(
    { id: "a/b", config, headers: copied },
    "headers",
  );
  assert(read.ok);
  assertEquals(read.value.parameters, model.parameters);
});

Deno.test("tensorsOfHeaders() leaves out what is computed, and tells bytes by type", () => {
  const { tensors, parameters, bytes, dtypes, notes } = tensorsOfHeaders([
    tensor("h.0.attn.bias", "BOOL", 1, 1, 64, 64),
    tensor("h.0.attn.rotary_emb.inv_freq", "F32", 16),
    tensor("embeddings.position_ids", "I64", 1, 64),
    tensor("h.0.attn.c_attn.bias", "F16", 3),
    tensor("h.0.odd", "F128", 2),
  ]);
  assertEquals(tensors.map(({ name }) => name), [
    "h.N.attn.c_attn.bias",
    "h.N.odd",
  ]);
  assertEquals([parameters, bytes], [5, 4096 + 64 + 512 + 6]);
  assertEquals(dtypes["F16"], 6);
  assertStringIncludes(notes.join(), '"F128"');
});

Deno.test("modelOfCheckpoint() fills in what headers alone tell, and says what they do not", () => {
  const { model } = knownModel("Qwen/Qwen3-8B");
  const headers = headersOf(model.tensors);
  const read = modelOfCheckpoint({ id: "a/b", config: null, headers });
  assert(read.ok);
  const { architecture } = model;
  const known = {
    ...architecture,
    type: "unknown",
    max_position_embeddings: null,
  };
  assertEquals(read.value.architecture, known);
  assertStringIncludes(
    read.value.notes.join(),
    "do not tell its context length",
  );
  const llama = knownModel("meta-llama/Llama-2-7b-hf").model;
  const bare = modelOfCheckpoint({
    id: "a/b",
    config: null,
    headers: headersOf(llama.tensors),
  });
  assert(bare.ok);
  assertEquals(bare.value.architecture.attention_heads, 0);
  assertStringIncludes(bare.value.notes.join(), "its attention heads");
  const old = modelOfCheckpoint({
    id: "a/b",
    config: null,
    headers: [
      ...headersOf(llama.tensors),
      tensor("model.layers.0.self_attn.rotary_emb.inv_freq", "F32", 64),
    ],
  });
  assert(old.ok);
  assertEquals(old.value.architecture.kv_heads, 32);
});

Deno.test("modelOfCheckpoint() refuses headers that hold nothing, or too much", () => {
  const empty = modelOfCheckpoint({ id: "a/b", config: null, headers: [] });
  assert(!empty.ok);
  assertStringIncludes(empty.problems[0]?.message ?? "", "must hold tensors");
  const huge = modelOfCheckpoint({
    id: "a/b",
    config: null,
    headers: [tensor("x.weight", "F32", 2 ** 32, 2 ** 32)],
  });
  assert(!huge.ok);
  assertStringIncludes(huge.problems[0]?.message ?? "", "fewer than 2^53");
});
