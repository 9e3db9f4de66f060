import { assert, assertEquals } from "@std/assert";
import {
  axolotlOptimizer,
  deepspeedOptimizer,
  trainerOptimizer,
} from "../../lib/interop/writing/optimizer_words.ts";
import type { Kin } from "../../lib/optimizers/record.ts";
import { RECORDS } from "../../lib/optimizers/records/mod.ts";
import { findOptimizer } from "../../lib/optimizers/spellings.ts";
import { DEFAULT_SCENARIO } from "../../lib/scenario/default_scenario.ts";
import { OPTIMIZERS } from "../../lib/scenario/optimizers.ts";
import type { Scenario } from "../../lib/scenario/schema.ts";

const FOLDER = new URL("../../lib/optimizers/records/", import.meta.url);

Deno.test("each optimizer that a Scenario names has one record, and each record a name", async () => {
  const names: string[] = [];
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (name === "mod.ts" || name === "torch_rule.ts") continue;
    const kindred: Record<string, Kin> = await import(`${FOLDER}${name}`);
    names.push(...Object.values(kindred).flatMap((kin) => Object.keys(kin)));
  }
  assertEquals(names.toSorted(), OPTIMIZERS.toSorted());
  assertEquals(Object.keys(RECORDS).toSorted(), OPTIMIZERS.toSorted());
});

Deno.test("a tool's name means one optimizer, with the same settings from every tool", () => {
  for (const name of OPTIMIZERS) {
    for (const spellings of Object.values(RECORDS[name].spellings)) {
      for (const [spelled, says] of Object.entries(spellings)) {
        assertEquals(findOptimizer(spelled), { name, ...says }, spelled);
      }
    }
  }
});

const READ: [spelled: string, fields: ReturnType<typeof findOptimizer>][] = [
  ["OptimizerNames.ADAMW_TORCH", { name: "adamw" }],
  ["adamw_torch_fused", { name: "adamw", implementation: "fused" }],
  ["paged_ademamix_8bit", { name: "ademamix", bits: 8, paged: true }],
  ["galore_adamw_layerwise", { name: "galore", in_backward: true }],
  ["PagedAdamW8bit", { name: "adamw", bits: 8, paged: true }],
  ["Lamb", { name: "lamb" }],
  ["came_pytorch", { name: "came" }],
  ["stable_adamw", { name: "stable-adamw" }],
  ["schedule_free_radam", { name: "schedule-free-radam" }],
  ["galore_adafactor_layerwise", {
    name: "galore-adafactor",
    in_backward: true,
  }],
  ["adamw_torch_npu_fused", { name: "adamw", implementation: "fused" }],
  ["dist_muon", { name: "muon" }],
  ["constructor", null],
  ["schedule-free-adamw", null],
];

for (const [spelled, fields] of READ) {
  Deno.test(`findOptimizer() reads ${spelled}`, () => {
    assertEquals(findOptimizer(spelled), fields);
  });
}

const WRITTEN: [
  tool: (optimizer: Scenario["optimizer"]) => string | null,
  set: Partial<Scenario["optimizer"]>,
  spelled: string | null,
][] = [
  [trainerOptimizer, {}, "adamw_torch"],
  [trainerOptimizer, { implementation: "fused" }, "adamw_torch_fused"],
  [trainerOptimizer, { bits: 8 }, "adamw_bnb_8bit"],
  [trainerOptimizer, { paged: true }, "paged_adamw_32bit"],
  [trainerOptimizer, { name: "muon" }, null],
  [
    trainerOptimizer,
    { name: "galore", bits: 8, in_backward: true },
    "galore_adamw_8bit_layerwise",
  ],
  [axolotlOptimizer, { name: "lion" }, "lion_32bit"],
  [axolotlOptimizer, { name: "muon" }, "muon"],
  [deepspeedOptimizer, { implementation: "fused" }, "AdamW"],
  [deepspeedOptimizer, { bits: 8 }, null],
  [deepspeedOptimizer, { name: "sgd" }, null],
];

for (const [tool, set, spelled] of WRITTEN) {
  Deno.test(`${tool.name}() writes ${spelled} for ${JSON.stringify(set)}`, () => {
    assertEquals(tool({ ...DEFAULT_SCENARIO.optimizer, ...set }), spelled);
  });
}

Deno.test("states of a shard are those of a tensor of its shape", () => {
  const whole = { shape: [4096, 1024], elements: 4096 * 1024 };
  const shard = { shape: [1024, 1024], elements: 1024 * 1024 };
  const bytes = (name: "adamw" | "adafactor", part: typeof whole) =>
    RECORDS[name].rule.states({
      ...part,
      name: "weight",
      dtype: "bf16",
      copies: 1,
      embedding: false,
      hidden: true,
    });
  assertEquals(bytes("adamw", whole), [8 << 20, 8 << 20]);
  assertEquals(bytes("adamw", shard), [2 << 20, 2 << 20]);
  // Squares of fewer rows, and of all columns still.
  assertEquals(bytes("adafactor", whole), [4 * 4096, 4 * 1024]);
  assertEquals(bytes("adafactor", shard), [4 * 1024, 4 * 1024]);
});

Deno.test("an optimizer that is usually run in a way has that implementation", () => {
  for (const { rule, trainerFuses } of Object.values(RECORDS)) {
    if (trainerFuses) assert(rule.implementations.includes("fused"));
    if (rule.usual === "foreach") {
      assert(rule.implementations.includes("foreach"));
    }
  }
});
