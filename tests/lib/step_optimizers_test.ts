import { assert, assertEquals } from "@std/assert";
import { OPTIMIZERS } from "../../lib/scenario/optimizers.ts";
import { DEFAULT_SCENARIO } from "../../lib/scenario/default_scenario.ts";
import { implementationOf } from "../../lib/optimizers/implementation.ts";
import type { OptimizerRule, Trained } from "../../lib/optimizers/rule.ts";
import type { StatePrecision } from "../../lib/optimizers/rules.ts";
import { optimizerRule } from "../../lib/optimizers/rules.ts";
import { stepOfOne } from "../../lib/optimizers/step_of_one.ts";
import { stateActs, temporaryBytes } from "../../lib/optimizers/step_acts.ts";
import type { Implementation } from "../../lib/optimizers/rule.ts";

const OPTIMIZER = DEFAULT_SCENARIO.optimizer;
const MIB = 1 << 20;
const PLAIN = { states: null, masters: false } as const;

/** The bytes of all states that so many tensors get. */
function stateBytes(
  rule: OptimizerRule,
  implementation: Implementation,
  trained: readonly Trained[],
  { states, masters }: StatePrecision,
): number {
  const { optimizer, precision } = DEFAULT_SCENARIO;
  return stateActs({ rule, implementation, trained }, {
    optimizer,
    precision: {
      ...precision,
      optimizer_states: states,
      master_weights: masters ? "fp32" : null,
    },
  }).reduce((sum, { buffer }) => sum + buffer.bytes, 0);
}

function matrix(rows: number, dtype: Trained["dtype"]): Trained {
  return {
    name: `matrix of ${rows}`,
    shape: [rows, 1024],
    elements: rows * 1024,
    dtype,
    copies: 1,
    embedding: false,
    hidden: true,
  };
}

/** Three matrices of one, two and three million elements, in that order. */
function three(dtype: Trained["dtype"]): Trained[] {
  return [1024, 2048, 3072].map((rows) => matrix(rows, dtype));
}

function ruleOf(name: string): OptimizerRule {
  const rule = optimizerRule({
    ...OPTIMIZER,
    name: name as typeof OPTIMIZER.name,
  });
  assert(rule, name);
  return rule;
}

/**
 * What torch 2.13's optimizers were traced to keep and take in bf16, in MiB: the
 * three matrices take 12 themselves, the largest of them 6.
 */
const TRACED: [
  name: string,
  states: number,
  foreach: number | null,
  loop: number,
][] = [
  ["sgd", 0, 0, 0],
  ["sgd-momentum", 12, 0, 0],
  ["nesterov", 12, 0, 6],
  ["adam", 24, 12, 16],
  ["adamw", 24, 12, 16],
  ["amsgrad", 36, 12, 16],
  ["nadam", 24, 12, 16],
  ["radam", 24, 12, 12],
  ["adamax", 24, 12, 6],
  ["adagrad", 12, 24, 10],
  ["adadelta", 24, 24, 16],
  ["rmsprop", 12, 12, 10],
  ["rprop", 24, null, 18],
  ["muon", 12, null, 22],
  // transformers 5.23, schedulefree, lion_pytorch, pytorch_optimizer.
  ["adafactor", 0, null, 56],
  ["schedule-free-adamw", 24, 12, 10],
  ["schedule-free-radam", 24, 12, 10],
  ["schedule-free-sgd", 12, 0, 0],
  // came_pytorch, prodigyopt, torch-optimi, galore_torch, apollo_torch.
  ["came", 24.07, null, 64],
  ["prodigy", 48, null, 10],
  ["stable-adamw", 36, null, 0],
  ["optimi-adamw", 36, null, 0],
  ["galore", 3.75, null, 34],
  ["galore-adafactor", 12.025, null, 45.5],
  ["apollo", 3.75, null, 14.25],
  ["apollo-mini", 0.031, null, 12.02],
  ["lion", 12, null, 12],
  ["adabelief", 24, null, 20],
  ["ademamix", 36, null, 20],
];

for (const [name, states, foreach, loop] of TRACED) {
  Deno.test(`optimizerRule() keeps and takes what ${name} was traced to`, () => {
    const rule = ruleOf(name);
    const tensors = three("bf16");
    const near = (bytes: number, mib: number) =>
      assert(Math.abs(bytes / MIB - mib) < 0.05, `${bytes / MIB}, not ${mib}`);
    near(stateBytes(rule, "for-loop", tensors, PLAIN), states);
    near(
      temporaryBytes({ rule, implementation: "for-loop", trained: tensors }),
      loop,
    );
    if (foreach !== null) {
      near(
        temporaryBytes({ rule, implementation: "foreach", trained: tensors }),
        foreach,
      );
    }
  });
}

Deno.test("optimizerRule() knows every optimizer that a Scenario can name", () => {
  for (const name of OPTIMIZERS) {
    const rule = ruleOf(name);
    for (const tensor of three("fp32")) {
      for (const bytes of rule.states(tensor)) assert(bytes >= 0, name);
      assert(rule.own(tensor) >= rule.kept(tensor), name);
    }
  }
});

Deno.test("a fused step keeps its counters on the device, 512 bytes each", () => {
  const rule = ruleOf("adamw");
  const bytes = (how: Implementation) =>
    stateBytes(rule, how, three("bf16"), PLAIN);
  // As traced: 25,167,360 of them, 25,165,824 multi-tensor.
  assertEquals(bytes("fused"), 25_167_360);
  assertEquals(bytes("foreach"), 25_165_824);
});

Deno.test("low-bit states have a scale for each block, small tensors keep theirs", () => {
  const small = { ...matrix(1, "bf16"), shape: [1024] };
  const large = matrix(1024, "bf16");
  const states = (
    bits: 8 | 4,
    library: "torchao" | "bitsandbytes",
    tensor: Trained,
  ) =>
    optimizerRule({ ...OPTIMIZER, bits }, {
      lowBitStates: library,
      widensEmbeddings: false,
    })?.states(tensor);
  assertEquals(states(8, "bitsandbytes", large), [MIB, 16384, MIB, 16384]);
  assertEquals(states(8, "bitsandbytes", small), [4096, 4096]);
  assertEquals(
    states(8, "torchao", large),
    [MIB, 16384, 1024, MIB, 16384, 1024],
  );
  assertEquals(
    states(4, "torchao", large),
    [MIB / 2, 32768, 64, MIB / 2, 32768, 64],
  );
  assertEquals(states(4, "torchao", small), [2048, 2048]);
});

Deno.test("torchao's compiled step takes what inductor's kernels hand on", () => {
  const [tensor] = three("bf16");
  assert(tensor);
  const own = (bits: 8 | 4, torch: string | null) =>
    optimizerRule({ ...OPTIMIZER, bits }, {
      lowBitStates: "torchao",
      widensEmbeddings: false,
    }, torch)?.own(tensor);
  // Two states in fp32, two sets of scales; the codes of 4 bits in int64.
  assertEquals(own(8, null), 2 * 4 * MIB + 2 * 4 * MIB / 256);
  assertEquals(own(4, null), 2 * 4 * MIB + 2 * 8 * MIB + 2 * 4 * MIB / 128);
  // One state in fp32; weights, codes and scales cloned twice; 256 MB to flush.
  assertEquals(
    own(8, "2.5.1"),
    4 * MIB + 2 * (2 + 2 + 2 * 4 / 256) * MIB + 256e6,
  );
  const small = { ...matrix(1, "bf16"), shape: [1024] };
  assertEquals(
    optimizerRule({ ...OPTIMIZER, bits: 4 })?.own(small),
    0,
  );
});

/** The same in fp32, in MiB: the three matrices take 24. */
const TRACED_FP32: [name: string, states: number, loop: number][] = [
  ["came", 24.07, 52],
  ["prodigy", 96, 20],
  ["stable-adamw", 48, 0],
  ["optimi-adamw", 48, 0],
  ["grokadamw", 0, 68],
  ["galore-adafactor", 12.025, 25.5],
  // All singular vectors stay, not the projection's alone. What GaLore takes is
  // of a step that projects anew; one that does not took 1.5 to 2 MiB more here.
  ["galore", 18, 26.5],
  ["apollo", 7.5, 28.5],
];

for (const [name, states, loop] of TRACED_FP32) {
  Deno.test(`optimizerRule() keeps and takes what ${name} was traced to in fp32`, () => {
    const rule = ruleOf(name);
    const trained = three("fp32");
    const taken = temporaryBytes({ rule, implementation: "for-loop", trained });
    const kept = stateBytes(rule, "for-loop", trained, PLAIN);
    assert(Math.abs(kept / MIB - states) < 0.05, `keeps ${kept / MIB} MiB`);
    assert(Math.abs(taken / MIB - loop) < 0.05, `takes ${taken / MIB} MiB`);
  });
}

Deno.test("Prodigy keeps no copy of weights that begin at zero", () => {
  const { states } = ruleOf("prodigy");
  const [plain] = three("fp32");
  assert(plain);
  const path = "base_model.model.layers.0.q_proj.";
  assertEquals(states({ ...plain, name: `${path}lora_A.default.weight` }), [
    ...Array(4).fill(4 * MIB),
  ]);
  assertEquals(states({ ...plain, name: `${path}lora_B.default.weight` }), [
    ...Array(3).fill(4 * MIB),
    4,
  ]);
});

Deno.test("LOMO's step lets go of the gradient that it has cast", () => {
  const own = (name: string, dtype: Trained["dtype"]) =>
    ruleOf(name).own(matrix(1024, dtype)) / MIB;
  // 8 bytes an element stand in all, of bf16; of fp32 the gradient alone.
  assertEquals(own("lomo", "bf16") + 2, 8);
  assertEquals(own("lomo", "fp32"), 0);
  assertEquals(own("adalomo", "bf16") + 2, 12);
  assertEquals(own("adalomo", "fp32") + 4, 12);
});

Deno.test("a step in the backward pass knows embeddings from matrices of layers", () => {
  const embedding: Trained = {
    ...matrix(4096, "bf16"),
    name: "model.embed_tokens.weight",
    embedding: true,
    hidden: false,
  };
  const rule = ruleOf("galore");
  const step = stepOfOne(rule, "for-loop", [embedding, matrix(1, "bf16")]);
  const { name, shape, elements, dtype } = embedding;
  const parameter = { name, shape, elements, dtype, trains: true };
  assertEquals(step(parameter), rule.own(embedding));
  // A layer's is projected: its singular vectors are taken.
  assertEquals(
    step({ ...parameter, name: "mlp.up_proj.weight" }),
    rule.own({ ...embedding, hidden: true }),
  );
  assert(rule.own(embedding) < rule.own({ ...embedding, hidden: true }));
});

Deno.test("states and masters take the types that a Scenario gives them", () => {
  const bytes = (states: "fp32" | null, masters: boolean) =>
    stateBytes(ruleOf("adamw"), "foreach", [matrix(1024, "bf16")], {
      states,
      masters,
    }) / MIB;
  assertEquals(bytes(null, false), 4);
  assertEquals(bytes("fp32", false), 8);
  assertEquals(bytes(null, true), 12);
});

const CHOICES: [
  asked: typeof OPTIMIZER.implementation,
  name: typeof OPTIMIZER.name,
  torch: string | null,
  taken: Implementation,
][] = [
  ["auto", "adamw", null, "fused"],
  ["auto", "adamw", "2.5.1", "foreach"],
  ["auto", "adam", null, "foreach"],
  ["auto", "lion", null, "for-loop"],
  ["fused", "sgd", null, "fused"],
  ["fused", "radam", null, "foreach"],
  ["foreach", "adafactor", null, "for-loop"],
  ["for-loop", "adamw", null, "for-loop"],
];

for (const [asked, name, torch, taken] of CHOICES) {
  Deno.test(`implementationOf() takes ${taken} for ${asked} ${name} of torch ${torch}`, () => {
    const scenario = {
      ...DEFAULT_SCENARIO,
      optimizer: { ...OPTIMIZER, name, implementation: asked },
      software: { ...DEFAULT_SCENARIO.software, torch },
    };
    assertEquals(implementationOf(scenario, ruleOf(name)), taken);
  });
}
