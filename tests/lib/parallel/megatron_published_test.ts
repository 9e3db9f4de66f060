import { assert, assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../../lib/mod.ts";
import type { Step } from "../../../lib/engines/step.ts";
import { playRanks } from "../../../lib/engines/step.ts";
import { askedOf } from "../asked.ts";

const LENGTH = 2048;

function ranksOf(input: ScenarioInput): readonly Step[] {
  const { scenario, model } = askedOf({
    precision: { weights: "bf16" },
    ...input,
    engine: { name: "megatron", ...input.engine },
  });
  const ranks = playRanks(scenario, model, { workspaces: false });
  assert(!("reason" in ranks), JSON.stringify(ranks));
  return ranks;
}

/** A GPT as the papers have it: four times the width in its MLP, a head for each. */
function gpt(
  layers: number,
  hidden: number,
  heads: number,
): ScenarioInput["model"] {
  return {
    dims: {
      layers,
      hidden_size: hidden,
      attention_heads: heads,
      kv_heads: heads,
      head_dim: hidden / heads,
      intermediate_size: 4 * hidden,
      vocab_size: 51_200,
      tie_embeddings: false,
      gated_mlp: false,
    },
  };
}

/** What a step takes at its peak beyond what stands between steps, on a stage. */
function activations(input: ScenarioInput, name = "all"): number {
  const step = ranksOf(input).find(({ rank }) => rank.name === name);
  assert(step);
  return step.phases.forward - step.standingBytes;
}

/**
 * The models of Korthikanti et al., "Reducing Activation Recomputation in Large
 * Transformer Models" (arXiv:2205.05198), table 3: 22B, 175B, 530B and 1T.
 */
const MODELS: readonly [hidden: number, heads: number][] = [
  [6144, 64],
  [12_288, 96],
  [20_480, 128],
  [25_600, 160],
];

/** Ranks that layers are cut over in all of them. */
const T = 8;

/** What a layer more keeps, in units of s·b·h. */
function ofLayer(
  [hidden, heads]: readonly [number, number],
  sequence_parallel: boolean,
  checkpointing: "none" | "full",
): number {
  const of = (layers: number) =>
    activations({
      model: gpt(layers, hidden, heads),
      train: { sequence_length: LENGTH, checkpointing },
      parallel: { gpus: T, tp: T, sequence_parallel },
    });
  return (of(5) - of(4)) / (LENGTH * hidden);
}

/**
 * What today's Megatron has of a layer beside table 2's terms, in units of s·b·h:
 * attention's log-sums, a number a row of each norm, cosines and sines of queries and
 * keys, 512 bytes for each of the kernel's two seeds.
 */
function beside(
  [hidden, heads]: readonly [number, number],
  isSplit: boolean,
): number {
  const logSums = 4 * LENGTH * heads / T;
  const norms = 2 * 4 * LENGTH / (isSplit ? T : 1);
  const tables = 4 * 2 * LENGTH * hidden / heads;
  return (logSums + norms + tables + 2 * 512) / (LENGTH * hidden);
}

for (const model of MODELS) {
  const [hidden] = model;
  Deno.test(`a layer of width ${hidden} keeps what table 2 of arXiv:2205.05198 says`, () => {
    // sbh(10 + 24/t): less two masks of dropout, which is off today, and 5as/h, which
    // flash attention never makes; queries and keys turned by their positions stand
    // beside the projection of which values are a view: 4sbh/t.
    assertEquals(
      ofLayer(model, false, "none"),
      8 + 28 / T + beside(model, false),
    );
    // sbh(34/t), with tokens shared too: the same two and four.
    assertEquals(ofLayer(model, true, "none"), 36 / T + beside(model, true));
    // 2sbh: inputs of layers alone, which ranks may share.
    assertEquals(ofLayer(model, false, "full"), 2);
    assertEquals(ofLayer(model, true, "full"), 2 / T);
  });
}

Deno.test("flash attention leaves what selective recomputation did: 70 % and 65 % less", () => {
  // arXiv:2205.05198, 5: of GPT-3 and MT-NLG 70 % and 65 % of a layer's 34 + 5as/h.
  for (const [model, saved] of [[MODELS[1], 0.7], [MODELS[2], 0.65]] as const) {
    assert(model);
    const [hidden, heads] = model;
    const squares = 5 * heads * LENGTH / hidden;
    assertEquals(Math.round(100 * squares / (34 + squares)) / 100, saved);
    const left = T * ofLayer(model, true, "none") / (34 + squares);
    // What stands beside the paper's terms is at most a ninth of them.
    assert(left >= 1 - saved && left <= (1 - saved) * 10 / 9, `${left}`);
  }
});

Deno.test("a first stage holds activations of all layers, interleaved 1 + (p - 1)/(pv)", () => {
  // arXiv:2205.05198, 4.2.3; arXiv:2104.04473, 2.2.
  const [pp, virtual_pipeline] = [4, 2];
  const more = (parallel: ScenarioInput["parallel"], name?: string) => {
    const of = (layers: number) =>
      activations({
        model: gpt(layers, 6144, 64),
        train: { sequence_length: LENGTH, gradient_accumulation: 1 },
        parallel: { tp: T, sequence_parallel: true, ...parallel },
      }, name);
    return of(32) - of(16);
  };
  const whole = more({ gpus: T });
  const piped = more({ gpus: pp * T, pp, microbatches: 16 }, "pp 0");
  const looped = more(
    { gpus: pp * T, pp, virtual_pipeline, microbatches: 16 },
    "pp 0",
  );
  const near = (value: number, to: number) =>
    assert(Math.abs(value / to - 1) < 0.005, `${value} is not ${to}`);
  near(piped, whole);
  near(looped / piped, 1 + (pp - 1) / (pp * virtual_pipeline));
});

/** Parts that Megatron-LM's own count of states has. */
const STATES: readonly string[] = [
  "weights",
  "gradients",
  "master weights",
  "optimizer states",
];

function statesOf(input: ScenarioInput): number {
  return Math.max(
    ...ranksOf(input).map(({ standing }) =>
      standing.reduce(
        (sum, { part, bytes }) => STATES.includes(part) ? sum + bytes : sum,
        0,
      )
    ),
  );
}

const LLAMA = "meta-llama/Llama-3.1-8B";

/**
 * Bytes that compute_weight_and_optimizer_memory gave when it ran, and what it leaves
 * out.
 *
 * Source: NVIDIA/Megatron-LM d98e8a64dd megatron/training/theoretical_memory_usage.py
 */
const COUNTED: [
  words: string,
  input: ScenarioInput,
  counted: number,
  beside: number,
][] = [
  ["Llama-3.1-8B", { model: LLAMA, parallel: { gpus: 8 } }, 60_226_959_360, 0],
  [
    "Llama-3.1-8B tp 2",
    { model: LLAMA, parallel: { gpus: 8, tp: 2 } },
    36_137_373_696,
    0,
  ],
  [
    "Llama-3.1-8B tp 2 without distributed optimizer",
    {
      model: LLAMA,
      parallel: { gpus: 8, tp: 2 },
      engine: { distributed_optimizer: false },
    },
    72_274_747_392,
    0,
  ],
  [
    "Llama-3.1-8B tp 2 pp 4: the last norm is whole on the last stage, not a share",
    { model: LLAMA, parallel: { gpus: 16, tp: 2, pp: 4 } },
    13_621_800_960,
    (1 - 1 / 4) * 4096 * (6 + 12 / 2),
  ],
  [
    "Llama-3.1-70B tp 8 pp 2: rows of the vocabulary are padded as well",
    {
      model: "meta-llama/Llama-3.1-70B",
      parallel: { gpus: 64, tp: 8, pp: 2 },
    },
    39_691_653_120,
    (6 + 12 / 4) *
    ((129_024 - 128_256) / 8 * 8192 + (1 - 1 / 2) * 8192),
  ],
  [
    "Mixtral tp 2 ep 4: a stand-in for a gradient of each of an expert's matrices",
    {
      model: "mistralai/Mixtral-8x7B-v0.1",
      parallel: { gpus: 16, tp: 2, ep: 4, etp: 1, sequence_parallel: true },
    },
    107_494_668_288,
    2 * 3 * 14_336 * 4096,
  ],
  [
    "Qwen3-30B-A3B ep 8: norms of heads' queries and keys as well",
    { model: "Qwen/Qwen3-30B-A3B", parallel: { gpus: 16, ep: 8 } },
    53_888_841_216,
    2 * 3 * 768 * 2048 + 48 * 2 * 128 * (6 + 12 / 16),
  ],
];

for (const [words, input, counted, left] of COUNTED) {
  Deno.test(`states are what Megatron-LM counts: ${words}`, () => {
    assertEquals(statesOf(input), counted + left);
  });
}

Deno.test("bytes a parameter are those of Megatron's table, by type and ranks", () => {
  // NVIDIA/Megatron-LM docs/user-guide/features/dist_optimizer.md: fp16 with fp16
  // gradients 20 and 4 + 16/d, bf16 with fp32 gradients 18 and 6 + 12/d.
  const parameters = 8_030_261_248;
  const each = (weights: "bf16" | "fp16", distributed_optimizer: boolean) =>
    statesOf({
      model: LLAMA,
      precision: { weights },
      parallel: { gpus: 8 },
      engine: { distributed_optimizer },
    }) / parameters;
  for (
    const [played, published] of [
      [each("bf16", false), 18],
      [each("bf16", true), 6 + 12 / 8],
      [each("fp16", false), 20],
      [each("fp16", true), 4 + 16 / 8],
    ] as const
  ) {
    assert(
      Math.abs(played - published) < 1e-6,
      `${played} is not ${published}`,
    );
  }
});
