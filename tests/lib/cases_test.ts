import { assert, assertEquals } from "@std/assert";
import { readCases } from "../../lib/evidence/case.ts";
import type { Case } from "../../lib/evidence/case.ts";
import measured from "../truth/measured.json" with { type: "json" };
import steps from "../truth/steps.json" with { type: "json" };
import { assertOk } from "./results.ts";

const RUN = {
  id: "run",
  group: "mine",
  confidence: "high",
  scenario: { model: "gpt2" },
  measured: { bytes: 5e9, what: "device_peak" },
};
const STEP = {
  name: "step",
  scenario: { model: "gpt2" },
  bytes: { load: 1, forward: 4, backward: 3 },
};

function read(...entries: object[]): Case[] {
  const result = readCases(entries);
  assertOk(result);
  return result.value;
}

Deno.test("readCases() reads the project's own cases, none twice, none lost", () => {
  const cases = read(...measured, ...steps);
  assertEquals(cases.length, measured.length + steps.length);
  assertEquals(new Set(cases.map(({ id }) => id)).size, cases.length);
  for (const [at, { measured: { bytes, what } }] of measured.entries()) {
    assertEquals(cases[at]?.readings, [{ counter: what, bytes }]);
  }
});

Deno.test("readCases() reads a traced step: each phase, and the highest as its own figure", () => {
  const [step] = read(STEP);
  assertEquals(step?.readings, [
    { counter: "step_peak", bytes: 4 },
    { counter: "step_load", bytes: 1 },
    { counter: "step_forward", bytes: 4 },
    { counter: "step_backward", bytes: 3 },
  ]);
  assertEquals([step?.confidence, step?.group], ["traced", "traced_steps"]);
});

Deno.test("readCases() numbers cases of the same name, so that each can be told", () => {
  const ids = read(RUN, STEP, RUN, RUN).map(({ id }) => id);
  assertEquals(ids, ["run", "step", "run (2)", "run (3)"]);
});

const HARDWARE: [name: string, entry: object, scenario: object][] = [
  ["takes the GPU that stands beside the scenario", { gpu: "H100-80GB" }, {
    hardware: { gpu: "H100-80GB" },
  }],
  ["leaves a GPU that nobody knows", { gpu: "not stated" }, {}],
  ["takes the number of GPUs", { gpus: 4 }, { parallel: { gpus: 4 } }],
  [
    "keeps what the scenario says itself",
    {
      gpu: "H100-80GB",
      gpus: 4,
      scenario: {
        model: "gpt2",
        hardware: { gpu: "A100-40GB" },
        parallel: { gpus: 2, tp: 2 },
      },
    },
    { hardware: { gpu: "A100-40GB" }, parallel: { gpus: 2, tp: 2 } },
  ],
  [
    "adds the number of GPUs to a mesh without it",
    {
      gpus: 4,
      scenario: { model: "gpt2", parallel: { tp: 2 } },
    },
    { parallel: { gpus: 4, tp: 2 } },
  ],
];

for (const [name, entry, scenario] of HARDWARE) {
  Deno.test(`readCases() ${name}`, () => {
    const [one] = read({ ...RUN, ...entry });
    assertEquals(one?.scenario, { model: "gpt2", ...scenario });
  });
}

const WRONG: [input: unknown, message: string][] = [
  [{}, "The cases must be a list: current value is {}"],
  [null, "The cases must be a list: current value is null"],
  [[5], "cases.0 must be an object: current value is 5"],
  [
    [RUN, { ...RUN, id: "two", measured: { bytes: -1, what: "device_peak" } }],
    "cases.1.measured.bytes must be at least 0: current value is -1",
  ],
  [
    [{ ...RUN, measured: { bytes: "5", what: "device_peak" } }],
    'cases.0.measured.bytes must be a number: current value is "5"',
  ],
  [
    [{ ...RUN, id: "" }],
    'cases.0.id must not be empty: current value is ""',
  ],
  [
    [{ ...RUN, scenario: "gpt2" }],
    'cases.0.scenario must be a record: current value is "gpt2"',
  ],
  [
    [{ ...STEP, bytes: {} }],
    "cases.0.bytes must not be empty: current value is {}",
  ],
  [
    [{ ...STEP, bytes: { load: -1 } }],
    "cases.0.bytes.load must be at least 0: current value is -1",
  ],
];

for (const [input, message] of WRONG) {
  Deno.test(`readCases() refuses: ${message}`, () => {
    const result = readCases(input);
    assert(!result.ok);
    assertEquals(result.problems.map(({ message }) => message), [message]);
  });
}
