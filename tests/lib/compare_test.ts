import { assert, assertEquals } from "@std/assert";
import { align, differencesOf, estimate } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import {
  belongsText,
  comparisonAddress,
  nameOf,
  readBelongs,
  readSlots,
  withSlot,
} from "../../templates/form/comparison.ts";
import { resultRows, settingRows } from "../../templates/compare/rows.ts";

const FULL: ScenarioInput = { model: "meta-llama/Llama-3.1-8B" };
const QLORA: ScenarioInput = {
  ...FULL,
  train: { method: "qlora", micro_batch: 2 },
  hardware: { gpu: "RTX 4090" },
};

function differences(...inputs: ScenarioInput[]) {
  const estimates = inputs.map(estimate);
  return differencesOf(
    estimates.map(({ scenario }) => scenario),
    estimates.map(({ model }) => model.name),
  );
}

Deno.test("scenarios differ in the fields that were set otherwise, and no more", () => {
  assertEquals(differences(FULL, QLORA, FULL), [
    { path: "train.method", values: ["full", "qlora", "full"] },
    { path: "train.micro_batch", values: [1, 2, 1] },
    { path: "hardware.gpu", values: ["A100-80GB", "RTX 4090", "A100-80GB"] },
  ]);
  assertEquals(differences(FULL, FULL), []);
  assertEquals(differences(FULL), []);
});

Deno.test("models described in different ways differ by their names", () => {
  const dims = {
    layers: 2,
    hidden_size: 64,
    attention_heads: 4,
    vocab_size: 1000,
  };
  const plain = { tie_embeddings: false, gated_mlp: true };
  const custom = { model: { dims: { ...dims, ...plain } } } as ScenarioInput;
  const [first, ...more] = differences({ model: "gpt2" }, custom);
  assertEquals([first?.path, more.length], ["model", 0]);
  assertEquals(first?.values[0], estimate({ model: "gpt2" }).model.name);
  const wider = {
    model: { dims: { ...dims, ...plain, hidden_size: 128 } },
  } as ScenarioInput;
  assertEquals(differences(custom, wider), [
    { path: "model.dims.hidden_size", values: [64, 128] },
  ]);
});

Deno.test("a GPU by its memory stands beside one by its name", () => {
  assertEquals(
    differences(FULL, { ...FULL, hardware: { gpu: { memory_gib: 24 } } }),
    [
      { path: "hardware.gpu", values: ["A100-80GB", undefined] },
      { path: "hardware.gpu.memory_gib", values: [undefined, 24] },
    ],
  );
});

Deno.test("lists are laid side by side by name, each in its own order", () => {
  const of = (...names: string[]) => names.map((name) => ({ name }));
  const rows = align([of("a", "c"), of("a", "b", "c", "d"), of()]);
  assertEquals(rows.map(({ name }) => name), ["a", "b", "c", "d"]);
  assertEquals(rows[1]?.values, [null, { name: "b" }, null]);
});

Deno.test("the parts of each scenario stand in its column and sum to its peak", () => {
  const estimates = [estimate(FULL), estimate(QLORA)];
  const rows = resultRows(estimates);
  const peak = rows.find(({ total }) => total);
  assertEquals(peak?.cells.length, 2);
  for (const row of rows.filter(({ part }) => part !== undefined)) {
    assertEquals(row.cells.length, 2);
    assertEquals(row.cells[0]?.difference, "", row.label);
  }
  const named = rows.flatMap(({ part }) => part ?? []);
  for (const { memory } of estimates) {
    for (const { name } of memory.parts) assert(named.includes(name), name);
  }
});

Deno.test("rows leave a scenario without an answer blank", () => {
  const estimates = [null, estimate(FULL), estimate(QLORA)];
  for (const row of [...settingRows(estimates), ...resultRows(estimates)]) {
    assertEquals(row.cells[0], null, row.label);
    assert(row.cells[1] && row.cells[2], row.label);
    // Differences are from the first that has an answer.
    assertEquals(row.cells[1].difference, "", row.label);
  }
});

Deno.test("a comparison's address gives its scenarios and names back", () => {
  const slots = [
    { query: "model=gpt2&train.micro_batch=2", name: "a & b = c + d" },
    { query: "model.config=%7B%22a%22:1%7D&hardware.gpu=RTX+4090", name: "" },
  ];
  const address = comparisonAddress(slots);
  const { searchParams } = new URL(address, "http://localhost");
  assertEquals(readSlots(searchParams), slots);
  const belongs = { slots, at: 2 };
  assertEquals(readBelongs(belongsText(belongs)), belongs);
});

Deno.test("a comparison closes gaps, and takes four scenarios at most", () => {
  const query = new URLSearchParams(
    "s1=model%3Da&s3=model%3Dc&n3=third&s4=&s5=model%3De",
  );
  assertEquals(readSlots(query), [
    { query: "model=a", name: "" },
    { query: "model=c", name: "third" },
  ]);
  assertEquals(comparisonAddress([]), "/compare");
});

Deno.test("a place that a comparison has not is no place to go back to", () => {
  for (const text of ["", "at=0&s1=a", "at=3&s1=a", "at=x&s1=a", "at=1.5"]) {
    assertEquals(readBelongs(text), null, text);
  }
  assertEquals(
    readBelongs("at=5&s1=a&s2=a&s3=a&s4=a"),
    null,
    "there is no fifth",
  );
  assertEquals(readBelongs("at=1"), { slots: [], at: 0 });
  assertEquals(readBelongs(null), null);
});

Deno.test("a scenario goes back to its place and keeps its name", () => {
  const slots = [{ query: "a", name: "x" }, { query: "b", name: "y" }];
  assertEquals(withSlot({ slots, at: 1 }, "c"), [
    { query: "a", name: "x" },
    { query: "c", name: "y" },
  ]);
  assertEquals(withSlot({ slots, at: 2 }, "c").length, 3);
});

Deno.test("a name is short and holds nothing that no page may", () => {
  assertEquals(nameOf("  a\0b\x1b  "), "a b");
  assertEquals(nameOf("x".repeat(100)).length, 60);
});
