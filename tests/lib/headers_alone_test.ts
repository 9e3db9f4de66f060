import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { HeaderTensor } from "../../lib/models/headers/mod.ts";
import { tensorsOfHeaders } from "../../lib/models/headers/mod.ts";
import { modelOfCheckpoint } from "../../lib/models/model_of_checkpoint.ts";
import { headersOf } from "./headers.ts";
import { knownModel, tensor } from "./packed_headers.ts";

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
