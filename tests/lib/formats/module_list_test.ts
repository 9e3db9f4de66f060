import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  MAX_ENTRY_KINDS,
  ModuleList,
} from "../../../lib/formats/published/module_list.ts";
import type { Tensor } from "../../../lib/models/tensors/tensor.ts";
import { assertOk } from "../results.ts";

function tensor(name: string, more: Partial<Tensor> = {}): Tensor {
  return {
    name,
    shape: [64, 64],
    role: "q",
    piece: "language_model",
    module: "linear",
    layers: name.includes(".N.") ? [[0, 12, 1]] : null,
    split: null,
    expert: false,
    quantized: true,
    dtype: null,
    ...more,
  };
}

function taken(
  entries: readonly string[],
  of: Tensor,
  options: { isPattern?: boolean; exact?: boolean } = {},
): "all" | number[] {
  const list = ModuleList.read(entries, "list", options);
  assertOk(list);
  const found = list.value.of(of);
  return found === "all" ? found : [...found].sort((a, b) => a - b);
}

const QUERY = tensor("model.layers.N.self_attn.q_proj.weight");
const SEEING = tensor("model.language_model.layers.N.self_attn.q_proj.weight");
const VISION = tensor("model.visual.blocks.N.attn.qkv.weight");
const EXPERTS = tensor("model.layers.N.mlp.experts.gate_up_proj", {
  shape: [8, 128, 64],
  role: "gate_up",
  expert: true,
});

Deno.test("a path takes a module, and all that is under it", () => {
  assertEquals(taken(["model.layers.3.self_attn.q_proj"], QUERY), [3]);
  assertEquals(taken(["model.layers.3.self_attn"], QUERY), [3]);
  assertEquals(taken(["model.layers.11"], QUERY), [11]);
  assertEquals(taken(["self_attn"], QUERY), "all");
  assertEquals(taken(["attn", "q_pro", "layers.3.mlp"], QUERY), []);
});

Deno.test("an exact path takes that module alone", () => {
  const exact = { exact: true };
  assertEquals(taken(["model.layers.3.self_attn"], QUERY, exact), []);
  assertEquals(taken(["model.layers.3.self_attn.q_proj"], QUERY, exact), [3]);
});

Deno.test("wrappers of a model's name make no difference", () => {
  for (
    const path of [
      "model.layers.2.self_attn",
      "language_model.model.layers.2.self_attn",
      "model.language_model.layers.2.self_attn",
      "backbone.layers.2.self_attn",
    ]
  ) {
    assertEquals(taken([path], QUERY), [2], path);
    assertEquals(taken([path], SEEING), [2], path);
  }
  assertEquals(taken(["visual"], VISION), "all");
  assertEquals(taken(["model.visual.blocks.4.attn.qkv"], VISION), [4]);
  assertEquals(taken(["visual"], SEEING), []);
});

Deno.test("shell wildcards", () => {
  assertEquals(taken(["model.layers.*.self_attn"], QUERY), "all");
  assertEquals(taken(["*.self_attn.*"], QUERY), "all");
  assertEquals(taken(["model.layers.1*"], QUERY), [1, 10, 11]);
  assertEquals(taken(["model.layers.0*"], QUERY), [0]);
  assertEquals(taken(["model.layers.1.*"], QUERY), [1]);
  assertEquals(taken(["model.layers.5.self_attn.q*"], QUERY), [5]);
  assertEquals(taken(["*attn*"], QUERY), "all");
  assertEquals(taken(["mtp*"], QUERY), []);
});

Deno.test("numbers in braces", () => {
  assertEquals(taken(["model.layers.{0..2,7}.self_attn"], QUERY), [0, 1, 2, 7]);
  assertEquals(taken(["model.layers.{3}.self_attn.q*"], QUERY), [3]);
  for (const wrong of ["a.{1..999999}.b", "a.{2..1}.b", "a.{1,,2}.b"]) {
    const list = ModuleList.read([wrong], "x.ignore");
    assert(!list.ok, wrong);
    assertStringIncludes(
      list.problems[0]?.message ?? "",
      "x.ignore must name at most 10000 layers in braces",
    );
  }
});

Deno.test("regular expressions look at the beginning of a name", () => {
  assertEquals(taken(["re:.*self_attn.*"], QUERY), "all");
  assertEquals(taken(["re:self_attn"], QUERY), []);
  assertEquals(taken(["re:.*layers\\.(2|7)\\..*"], QUERY), [2, 7]);
  assertEquals(taken(["re:visual.*"], VISION), "all");
  assertEquals(
    taken([".*\\.q_proj"], QUERY, { isPattern: true }),
    "all",
  );
});

Deno.test("experts are found by what releases call them", () => {
  for (
    const path of [
      "model.layers.3.mlp.experts",
      "model.layers.3.mlp.experts.0.gate_proj",
      "model.layers.3.block_sparse_moe.experts.7.w1",
      "layers.3.ffn.experts",
    ]
  ) assertEquals(taken([path], EXPERTS), [3], path);
  const dense = "re:.*mlp\\.(gate|up|gate_up|down)_proj.*";
  assertEquals(taken([dense], EXPERTS), []);
  const plain = tensor("model.layers.N.mlp.gate_proj.weight");
  assertEquals(taken([dense], plain), "all");
});

Deno.test("too many kinds of entries, and patterns nobody can read, are named", () => {
  const many = Array.from(
    { length: MAX_ENTRY_KINDS + 1 },
    (_, at) => `a${"b".repeat(at % 50)}.c${"d".repeat(Math.floor(at / 50))}`,
  );
  const list = ModuleList.read(many, "x.ignore");
  assert(!list.ok);
  assertEquals(
    list.problems[0]?.message,
    "x.ignore must name at most 2000 kinds of modules: it has 2001 entries",
  );
  const broken = ModuleList.read(["re:(a"], "x.ignore");
  assert(!broken.ok);
  assertStringIncludes(broken.problems[0]?.message ?? "", "x.ignore must");
});

Deno.test("entries that differ in numbers alone are one kind", () => {
  const many = Array.from(
    { length: 20_000 },
    (_, at) => `model.layers.${at % 12}.mlp.experts.${at}.up_proj`,
  );
  assertEquals(taken(many, EXPERTS).length, 12);
});
