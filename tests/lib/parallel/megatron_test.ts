import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { tryEstimate } from "../../../lib/mod.ts";
import { playRanks, playStep } from "../../../lib/engines/step.ts";
import { curveOf } from "../../../lib/play/readers/curve.ts";
import { stagesOf } from "../../../lib/plan/megatron/stages.ts";
import { turnsOf } from "../../../lib/engines/megatron/schedule.ts";
import steps from "../../truth/parallel_steps.json" with { type: "json" };
import { askedOf, PHASES } from "../asked.ts";
import { assertOk, assertPlayed } from "../results.ts";

/** How far a phase may be off whose settings a Scenario says... */
const SAID = 0.005;
/** ...and one where a setting is said by no field, and counts for little. */
const UNSAID = 0.02;

/** Cases that settings decide which no field of a Scenario says. */
const BEYOND: readonly [name: RegExp, why: string][] = [
  [
    /ep8 allgather/,
    "the dispatcher that gathers tokens keeps a buffer of its own",
  ],
  [/capacity [\d.]+ padded/, "rows are padded to the experts' capacity"],
  [/offload 0\.5/, "half of the optimizer's states stay on the GPU"],
  [/frozen but/, "what trains are parts of layers"],
  [
    /mtp1/,
    "a further layer predicts a token, of which the config says nothing",
  ],
  [
    /precision-aware( bf16 grads)?$/,
    "masters are kept as remainders, though states are in fp32 as always",
  ],
];

function errorsOf({ scenario, bytes }: (typeof steps)[number]) {
  const asked = askedOf(scenario);
  const step = playStep(asked.scenario, asked.model, { workspaces: false });
  assertPlayed(step);
  return Object.entries(bytes as Record<string, number>).map(
    ([name, traced]) => {
      const phase = PHASES[name];
      assert(phase, `phase ${name} is not known`);
      return { name, error: step.phases[phase] / traced - 1 };
    },
  );
}

const TRACED = steps.filter(({ engine }) => engine === "megatron-core");

for (const traced of TRACED) {
  const unsaid = "unsaid" in traced;
  const why = unsaid && BEYOND.find(([name]) => name.test(traced.name));
  if (why) {
    Deno.test(`${traced.name} is beyond what a Scenario says: ${why[1]}`, () => {
      assert(
        errorsOf(traced).some(({ error }) => Math.abs(error) > UNSAID / 2),
      );
    });
    continue;
  }
  const bound = unsaid ? UNSAID : SAID;
  Deno.test(`${traced.name} is played to ${100 * bound} %`, () => {
    for (const { name, error } of errorsOf(traced)) {
      assert(Math.abs(error) <= bound, `${name} is off by ${error}`);
    }
  });
}

const LLAMA = "meta-llama/Llama-3.1-8B";
const QWEN = "Qwen/Qwen3-30B-A3B";
const megatron = { name: "megatron" } as const;

function ranksOf(input: ScenarioInput) {
  const { scenario, model } = askedOf({ engine: megatron, ...input });
  return playRanks(scenario, model, { workspaces: false });
}

Deno.test("each stage of a pipeline is a class of ranks, the most loaded first", () => {
  const ranks = ranksOf({
    model: LLAMA,
    parallel: {
      gpus: 32,
      tp: 2,
      pp: 4,
      sequence_parallel: true,
      microbatches: 8,
    },
  });
  assert(!("reason" in ranks));
  assertEquals(ranks.map(({ rank }) => rank.gpus), [8, 8, 8, 8]);
  assertEquals(
    ranks.map(({ rank }) => rank.name).toSorted(),
    ["pp 0", "pp 1", "pp 2", "pp 3"],
  );
  const peaks = ranks.map(({ peak }) => peak.bytes);
  assertEquals(peaks, peaks.toSorted((a, b) => b - a));
});

Deno.test("a rank that is asked for is its stage's", () => {
  const ranks = ranksOf({
    model: LLAMA,
    parallel: { gpus: 16, pp: 4, rank: 9, microbatches: 4 },
  });
  assert(!("reason" in ranks));
  assertEquals(ranks.map(({ rank }) => rank.name), ["pp 2"]);
});

Deno.test("what stands at the highest point sums to it", () => {
  for (const virtual_pipeline of [1, 2]) {
    const ranks = ranksOf({
      model: LLAMA,
      parallel: { gpus: 16, tp: 2, pp: 4, virtual_pipeline, microbatches: 8 },
      train: { checkpointing: "selective" },
      engine: { ...megatron, recompute_modules: ["layernorm", "mlp"] },
    });
    assert(!("reason" in ranks));
    for (const { peak } of ranks) {
      assertEquals(
        peak.live.reduce((sum, { bytes }) => sum + bytes, 0),
        peak.bytes,
      );
    }
  }
});

Deno.test("context parallelism cuts what tokens take, and states", () => {
  const peakOf = (cp: number) => {
    const ranks = ranksOf({
      model: LLAMA,
      parallel: { gpus: 32, tp: 4, cp, sequence_parallel: true },
      train: { sequence_length: 32_768 },
    });
    assert(!("reason" in ranks));
    return ranks[0]?.peak.bytes ?? 0;
  };
  const [one, two, four] = [peakOf(1), peakOf(2), peakOf(4)];
  assert(one > two && two > four);
});

Deno.test("ranks that share a head of keys gather all heads", () => {
  const ranks = ranksOf({
    model: LLAMA,
    parallel: { gpus: 16, tp: 16, sequence_parallel: true },
  });
  assert(!("reason" in ranks));
});

Deno.test("turnsOf() runs one forward and one backward pass in turn", () => {
  const said = turnsOf({ stage: 1, stages: 3, chunks: 1, micros: 3 }).map(
    ({ kind, micro }) => `${kind[0]}${micro}`,
  );
  assertEquals(said, ["f0", "f1", "b0", "f2", "b1", "b2"]);
});

Deno.test("turnsOf() runs every chunk of every micro-batch both ways", () => {
  for (const stage of [0, 1, 2, 3]) {
    const turns = turnsOf({ stage, stages: 4, chunks: 2, micros: 8 });
    for (const kind of ["forward", "backward"] as const) {
      const own = turns.filter((turn) => turn.kind === kind);
      const known = new Set(own.map(({ chunk, micro }) => `${chunk} ${micro}`));
      assertEquals(own.length, 16);
      assertEquals(known.size, 16);
    }
  }
});

Deno.test("stagesOf() deals layers out evenly, but for the ends", () => {
  const even = { layers: 8, stages: 2, chunks: 2, first: null, last: null };
  assertEquals(stagesOf(even), [[[0, 2], [4, 6]], [[2, 4], [6, 8]]]);
  assertEquals(
    stagesOf({ layers: 8, stages: 4, chunks: 1, first: 1, last: 3 }),
    [[[0, 1]], [[1, 3]], [[3, 5]], [[5, 8]]],
  );
  assertEquals(stagesOf({ ...even, stages: 3, chunks: 1 }), null);
});

Deno.test("the curve of a pipeline's step reaches its highest point", () => {
  for (const virtual_pipeline of [1, 2]) {
    const { scenario, model } = askedOf({
      model: LLAMA,
      engine: megatron,
      precision: { weights: "bf16" },
      parallel: { gpus: 16, pp: 4, virtual_pipeline, microbatches: 8 },
    });
    const ranks = playRanks(scenario, model);
    assert(!("reason" in ranks));
    for (const step of ranks) {
      const { points } = curveOf(step.program);
      assertEquals(
        Math.max(...points.map(({ bytes }) => bytes)),
        step.peak.bytes,
      );
      assertEquals(points.at(-1)?.bytes, step.standingBytes);
    }
  }
});

Deno.test("an estimate's parts sum to its peak", () => {
  const answer = tryEstimate({
    model: QWEN,
    engine: megatron,
    parallel: { gpus: 16, ep: 8, etp: 1 },
    train: { checkpointing: "full" },
  });
  assertOk(answer);
  const { memory, method } = answer.value;
  assertEquals(method, "timeline");
  const sum = memory.parts.reduce((total, { bytes }) => total + bytes, 0);
  assert(
    [memory.allocated_peak_bytes, memory.device_peak_bytes].includes(sum),
  );
});

Deno.test("what no trace has shown is said", () => {
  const ranks = ranksOf({
    model: QWEN,
    parallel: { gpus: 16, cp: 2, ep: 8, etp: 1 },
  });
  assert(!("reason" in ranks));
  const { assumptions = [] } = ranks[0] ?? {};
  assertMatch(assumptions.join(), /as many tokens as any .* no run of it was/);
});

Deno.test("micro-batches beyond those that are played add nothing", () => {
  const peaksOf = (microbatches: number, virtual_pipeline: number) => {
    const ranks = ranksOf({
      model: LLAMA,
      parallel: { gpus: 4, pp: 4, virtual_pipeline, microbatches },
    });
    assert(!("reason" in ranks));
    return ranks.map(({ peak }) => peak.bytes);
  };
  for (const chunks of [1, 2]) {
    assertEquals(peaksOf(8, chunks), peaksOf(64, chunks));
  }
});
