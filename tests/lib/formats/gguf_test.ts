import { assert, assertEquals, assertStringIncludes } from "../../assert.ts";
import { storedModelOf } from "../../../lib/formats/mod.ts";
import { ggufOf, loadedGguf } from "../../../lib/formats/gguf/mod.ts";
import type { GgufTensor } from "../../../lib/models/headers/mod.ts";
import { modelOfGguf } from "../../../lib/models/headers/mod.ts";
import { copiesOf } from "../../../lib/models/tensors/tensor.ts";
import { numbersOf } from "../../../lib/models/tensors/layer_numbers.ts";
import { ggufNameOf } from "../../../lib/formats/gguf/names.ts";
import named from "../../truth/gguf_names.json" with { type: "json" };
import { fileOf, modelOf, scenarioOf } from "./gguf_asked.ts";

Deno.test("tensors bear the names that llama.cpp's converter gives them", () => {
  for (const [name = "", ...names] of named) {
    const { stem, ending, isKnown } = ggufNameOf(name);
    assert(
      names.includes(stem + ending),
      `${name} is ${stem}${ending}, and ${names.join(" or ")} in llama.cpp`,
    );
    assertEquals(isKnown, true, name);
  }
  assert(named.length > 300);
});

Deno.test("a tensor of unlike layers stands once for each of its types", () => {
  const { weights } = fileOf(modelOf("meta-llama/Llama-3.1-8B"), "Q4_K_M");
  const values = weights.filter(({ name }) => name === "blk.N.attn_v.weight");
  assertEquals(values.map(({ type }) => type.name).sort(), ["Q4_K", "Q6_K"]);
  const layers = values.flatMap(({ layers }) => numbersOf(layers ?? []));
  assertEquals(layers.length, 32);
  assertEquals(new Set(layers).size, 32);
});

Deno.test("every file type of llama.cpp is made, and others are named with those", () => {
  const model = modelOf("Qwen/Qwen2.5-0.5B");
  const wrong = ggufOf(model, "Q4_FOO");
  assert(!wrong.ok);
  const [problem] = wrong.problems;
  assertEquals(problem?.path, "quantization.weights");
  assertStringIncludes(problem?.message ?? "", "gguf:Q4_FOO");
  const known = /one of ([A-Z0-9_, ]+):/.exec(problem?.message ?? "")?.[1] ??
    "";
  const sizes = new Map<string, number>();
  for (const type of known.split(", ")) {
    const { bytes, weights } = fileOf(model, type);
    assert(bytes > 0);
    for (const { row, type: { elements, name } } of weights) {
      assertEquals(row % elements, 0, `${type} has ${name} of rows of ${row}`);
    }
    sizes.set(type, bytes);
  }
  assertEquals(sizes.size, 36);
  assert((sizes.get("IQ1_S") ?? 0) < (sizes.get("Q8_0") ?? 0));
  assertEquals(fileOf(model, "Q4_K").bytes, sizes.get("Q4_K_M"));
});

Deno.test("Unsloth's own mixes are answered by their base, and say so", () => {
  const model = modelOf("Qwen/Qwen3-8B");
  const mixed = fileOf(model, "UD-Q4_K_XL");
  assertEquals(mixed.bytes, fileOf(model, "Q4_K_M").bytes);
  assertEquals(mixed.basis, "assumed");
  assertStringIncludes(mixed.notes.join(), "UD-Q4_K_XL");
  assertEquals(fileOf(model, "Q4_K_M").basis, "derived");
});

Deno.test("what a file leaves out or keeps is told", () => {
  const sight = fileOf(modelOf("google/gemma-3-4b-it"), "Q4_K_M");
  assertStringIncludes(sight.notes.join(), "mmproj");
  assert(sight.weights.every(({ name }) => !/vision/.test(name)));
  const experts = fileOf(modelOf("openai/gpt-oss-20b"), "Q4_K_M");
  assertEquals(
    new Set(
      experts.weights.filter(({ matrices }) => matrices > 1)
        .map(({ type }) => type.name),
    ),
    new Set(["MXFP4"]),
  );
  assertStringIncludes(experts.notes.join(), "MXFP4");
  assertEquals(experts.basis, "assumed");
});

Deno.test("llama.cpp loads a scenario's type, or what is published", () => {
  const model = modelOf("openai/gpt-oss-20b");
  const typeOf = (weights: string | null): string => {
    const gguf = loadedGguf(
      scenarioOf({
        model: "openai/gpt-oss-20b",
        task: "serve",
        quantization: { weights },
      }),
      model,
    );
    return gguf.ok ? gguf.value.type : gguf.problems[0]?.message ?? "";
  };
  assertEquals(typeOf(null), "MXFP4_MOE");
  assertEquals(typeOf("mxfp4"), "MXFP4_MOE");
  assertEquals(typeOf("gguf:F16"), "F16");
  assertEquals(typeOf("none"), "BF16");
  assertStringIncludes(typeOf("nf4"), "gguf:TYPE");
});

Deno.test("a model that was read from a GGUF file is stored in its own types", () => {
  const layer = (at: number): GgufTensor[] => [
    {
      name: `blk.${at}.attn_q.weight`,
      shape: [256, 256],
      type: at === 0 ? 14 : 12,
    },
    { name: `blk.${at}.attn_norm.weight`, shape: [256], type: 0 },
  ];
  const read = modelOfGguf("own", {
    metadata: {
      "general.architecture": "llama",
      "general.file_type": 15,
      "llama.block_count": 4,
      "llama.nextn_predict_layers": 1,
    },
    tensors: [
      { name: "token_embd.weight", shape: [256, 512], type: 12 },
      { name: "rope_freqs.weight", shape: [32], type: 0 },
      ...[0, 1, 2, 3].flatMap(layer),
    ],
  });
  assert(read.ok);
  const stored = storedModelOf(
    scenarioOf({ model: "gpt2", task: "serve" }),
    read.value,
  );
  assert(stored.ok);
  const { scheme, bytes, basis } = stored.value;
  assertEquals([scheme, basis], ["GGUF Q4_K_M", "exact"]);
  const row = { Q4_K: 144, Q6_K: 210 };
  assertEquals(
    bytes,
    512 * row.Q4_K + 128 + 256 * (row.Q6_K + 3 * row.Q4_K) + 4 * 1024,
  );
  const gguf = loadedGguf(
    scenarioOf({ model: "gpt2", task: "serve" }),
    read.value,
  );
  assert(gguf.ok);
  // Asked for its own type it is the same; for another the rules choose.
  assert(ggufOf(read.value, "UD-Q4_K_XL").ok);
  assertEquals(fileOf(read.value, "Q4_K_M"), gguf.value);
  const plain = fileOf(read.value, "Q8_0").weights;
  assertEquals(
    new Set(plain.map(({ type }) => type.name)),
    new Set(["Q8_0", "F32"]),
  );
  assertEquals(read.value.architecture.layers, 3);
  assertEquals(gguf.value.tied, true);
  const places = new Map<string, number>();
  for (const weight of gguf.value.weights) {
    const count = places.get(weight.place) ?? 0;
    places.set(weight.place, count + copiesOf(weight));
  }
  assertEquals(
    Object.fromEntries(places),
    { input: 1, table: 1, layer: 6, draft: 2 },
  );
});

Deno.test("a model of many layers costs no more for each type again", () => {
  const model = modelOf("meta-llama/Llama-3.1-405B");
  const first = ggufOf(model, "Q4_K_M");
  const again = ggufOf(model, "Q4_K_M");
  assert(first.ok && again.ok);
  assert(first.value === again.value);
});
