import { assert, assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import {
  adviceInTurns,
  estimateScenario,
  GPUS_BY_MEMORY,
  parseScenario,
  wantsAdvice,
} from "../../lib/mod.ts";
import { LEVERS } from "../../lib/ask/advice/levers/mod.ts";
import { withSet } from "../../lib/ask/with_set.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { fieldAt } from "../../lib/scenario/field_list.ts";
import { toInput } from "../../lib/scenario/to_input.ts";
import { advised, changed, TOO_LARGE, whole } from "./advice.ts";
import { scenarioOf } from "./inverse.ts";
import { assertOk } from "./results.ts";

for (const [name, input] of Object.entries(TOO_LARGE)) {
  Deno.test(`what is advised is what the estimate says of it: ${name}`, () => {
    const { now, changes, together } = advised(input);
    const before = whole(scenarioOf(input));
    assertEquals(now.fits, false);
    assertEquals(before.fits, false);
    assert(changes.length >= 3 && changes.length <= 6, `${changes.length}`);
    const isPool = ["vllm", "sglang"].includes(input.serve?.engine ?? "");
    if (!isPool) assertEquals(now.peak_bytes, before.held);
    for (const change of changes) {
      const after = whole(changed(input, change.set));
      assertEquals(after.fits, change.fits, change.words);
      assertEquals(after.method, before.method);
      if (!isPool) assertEquals(change.peak_bytes, after.held, change.words);
      assertEquals(change.saves_bytes, now.peak_bytes - change.peak_bytes);
      assert(change.words !== "" && change.price !== "");
    }
    assert(together);
    assertEquals(whole(changed(input, together.set)).fits, true);
    assertEquals(together.fits, true);
  });

  Deno.test(`those that are enough alone stand first: ${name}`, () => {
    const enough = advised(input).changes.map(({ fits }) => fits);
    assertEquals(enough, [...enough].sort((a, b) => Number(b) - Number(a)));
  });

  Deno.test(`nothing of what is advised together can be left out: ${name}`, () => {
    const { together } = advised(input);
    assert(together);
    const scenario = scenarioOf(input);
    for (const path of Object.keys(together.set)) {
      const rest = Object.fromEntries(
        Object.entries(together.set).filter(([each]) => each !== path),
      );
      const parsed = parseScenario(toInput(withSet(scenario, rest)));
      // Fields of one change, such as an engine and its stage, go together.
      if (!parsed.ok || JOINED.has(path)) continue;
      assertEquals(whole(parsed.value).fits, false, path);
    }
  });
}

/** Fields that only accompany others of the same change. */
const JOINED = new Set([
  "train.gradient_accumulation",
  "engine.zero_stage",
  "parallel.sequence_parallel",
  "serve.max_model_len",
]);

Deno.test("QLoRA of a 32B on 24 GB fits by what costs least", () => {
  const input = TOO_LARGE["QLoRA of 32B on one card"];
  assert(input);
  const { together, changes, smallest_gpu } = advised(input);
  assertEquals(together?.set, {
    "train.loss": "fused",
    "train.checkpointing": "full",
    "quantization.kbit_upcast": false,
  });
  // Neither adapters nor data nor hardware have to be others.
  const paths = changes.flatMap(({ set }) => Object.keys(set));
  assert(paths.includes("train.checkpointing"));
  assert(paths.includes("quantization.kbit_upcast"));
  assert(smallest_gpu);
});

Deno.test("a single change that is enough is not outbid by dearer ones together", () => {
  const input = TOO_LARGE["8B over eight GPUs by FSDP"];
  assert(input);
  const { together } = advised(input);
  assertEquals(together?.set, {
    "train.micro_batch": 1,
    "train.gradient_accumulation": 4,
  });
});

Deno.test("a lever that helps only after another is pulled again", () => {
  // The optimizer's peak hides that of the activations until states are paged.
  const { together, changes } = advised({
    model: "meta-llama/Llama-3.1-8B",
    hardware: { gpu: "RTX 4090" },
  });
  assertEquals(together?.set["train.checkpointing"], "full");
  assert(!changes.some(({ set }) => "train.checkpointing" in set));
});

for (
  const [gpu, kernel] of [
    ["T4", "sdpa"],
    ["V100-32GB", "sdpa"],
    ["Arc A770-16GB", "sdpa"],
    ["RX 7900 XTX", "sdpa"],
    ["MI210", "flash"],
    ["RTX 3090", "flash"],
  ] as const
) {
  Deno.test(`the attention kernel that is advised is one that the ${gpu} has`, () => {
    for (
      const [field, input] of [
        ["train.attention", {
          model: "meta-llama/Llama-3.1-8B",
          train: { attention: "eager", sequence_length: 8192, micro_batch: 4 },
          hardware: { gpu },
        }],
        ["serve.attention", {
          model: "meta-llama/Llama-3.2-3B",
          task: "serve",
          serve: { attention: "eager", input_tokens: 30_000, batch: 8 },
          hardware: { gpu },
        }],
      ] as const
    ) {
      const advised = [...levers(input)].map((set) => set[field]);
      assertEquals(advised.filter((value) => value !== undefined), [kernel]);
    }
  });
}

Deno.test("what fits with room to spare needs no change", () => {
  const { now, changes, together, gpus_needed } = advised({ model: "gpt2" });
  assertEquals([now.fits, changes, together, gpus_needed], [true, [], null, 1]);
});

Deno.test("what hardly fits is told what would leave room", () => {
  const { now, changes, together } = advised({
    model: "meta-llama/Llama-3.1-8B",
  });
  assert(now.fits);
  assertEquals(together, null);
  assert(changes.length > 0);
  for (const { saves_bytes, fits } of changes) {
    assert(fits && saves_bytes > 0);
  }
});

Deno.test("so many GPUs are enough, and half as many are not", () => {
  const input: ScenarioInput = {
    model: "meta-llama/Llama-3.1-8B",
    train: { checkpointing: "full" },
    hardware: { gpu: "RTX 4090" },
  };
  const { gpus_needed, changes } = advised(input);
  assert(gpus_needed !== null && gpus_needed > 1);
  const more = changes.filter(({ set }) => "parallel.gpus" in set);
  const least = more.find(({ set }) => set["parallel.gpus"] === gpus_needed);
  assert(least?.fits);
  const half = { ...least.set, "parallel.gpus": gpus_needed / 2 };
  const wide = Number(least.set["parallel.tp"] ?? 0);
  const set = wide > 0 ? { ...half, "parallel.tp": wide / 2 } : half;
  assertEquals(whole(changed(input, set)).fits, false);
});

for (const name of ["QLoRA of 32B on one card", "8B by SGLang"]) {
  Deno.test(`no smaller GPU holds it than is said: ${name}`, () => {
    const input = TOO_LARGE[name];
    assert(input);
    const { smallest_gpu } = advised(input);
    const fits = (gpu: string): boolean =>
      whole(changed(input, { "hardware.gpu": gpu })).fits;
    assert(smallest_gpu !== null && fits(smallest_gpu));
    const at = GPUS_BY_MEMORY.findIndex((gpu) => gpu.name === smallest_gpu);
    const smaller = GPUS_BY_MEMORY.slice(Math.max(0, at - 6), at)
      .filter((gpu) =>
        gpu.usable_bytes < (GPUS_BY_MEMORY[at]?.usable_bytes ?? 0)
      );
    assert(smaller.length > 0);
    for (const gpu of smaller) assertEquals(fits(gpu.name), false, gpu.name);
  });
}

Deno.test("levers stand in the order of their price", () => {
  for (const task of ["train", "serve"] as const) {
    const costs = LEVERS.filter((lever) => lever.task === task)
      .map(({ cost }) => cost);
    assertEquals(costs, [...costs].sort((a, b) => a - b));
  }
});

const MORE: ScenarioInput[] = [
  ...Object.values(TOO_LARGE),
  {
    model: "Qwen/Qwen2.5-0.5B",
    train: { evaluation: { micro_batch: 8, kept_batches: 8 } },
  },
  {
    model: "meta-llama/Llama-3.1-8B",
    train: { micro_batch: 8 },
    parallel: { gpus: 8, tp: 2, cp: 2 },
    engine: { name: "megatron" },
  },
  {
    model: "Qwen/Qwen3-30B-A3B",
    task: "serve",
    serve: { engine: "llama.cpp" },
  },
  {
    model: "meta-llama/Llama-3.1-8B",
    task: "serve",
    serve: { engine: "llama.cpp", cache_tokens: 65_536, gpu_layers: 20 },
  },
];

Deno.test("every lever is pulled somewhere, and sets what the schema takes", () => {
  const pulled = new Set<number>();
  for (const input of MORE) {
    const scenario = scenarioOf(input);
    const model = modelOf(input);
    for (const [at, lever] of LEVERS.entries()) {
      if (lever.task !== scenario.task) continue;
      for (const { set, words, price } of lever.propose(scenario, model)) {
        pulled.add(at);
        assertOk(parseScenario(toInput(withSet(scenario, set))));
        for (const path of Object.keys(set)) assert(fieldAt(path), path);
        assert(!/[.!?]$/.test(words) && !/[.!?]$/.test(price));
      }
    }
  }
  assertEquals([...LEVERS.keys()].filter((at) => !pulled.has(at)), []);
});

/** Estimates that one question takes at most: the bound, the first, the whole one. */
const MOST_TURNS = 122;

Deno.test("asked in turns, the answer is the same, and the turns are bounded", async () => {
  for (const input of Object.values(TOO_LARGE)) {
    let turns = 0;
    const result = await adviceInTurns(scenarioOf(input), {
      breathe: () => {
        turns++;
        return Promise.resolve();
      },
    });
    assertOk(result);
    assertEquals(result.value, advised(input));
    assert(turns > 3 && turns <= MOST_TURNS, `${turns}`);
  }
});

Deno.test("a scenario that has no estimate is refused with its problems", async () => {
  const result = await adviceInTurns(scenarioOf({ model: "nope/nope" }), {
    breathe: () => Promise.resolve(),
  });
  assert(!result.ok);
  assertEquals(result.problems[0]?.path, "model");
});

Deno.test("advice is wanted where it does not fit, or hardly, or users wait", () => {
  const wanted = (input: ScenarioInput): boolean => {
    const result = estimateScenario(scenarioOf(input));
    assertOk(result);
    return wantsAdvice(result.value);
  };
  assertEquals(wanted({ model: "gpt2" }), false);
  for (const input of Object.values(TOO_LARGE)) assert(wanted(input));
  assert(wanted({ model: "meta-llama/Llama-3.1-8B" }));
});

function modelOf(input: ScenarioInput) {
  const model = resolveModel(scenarioOf(input).model);
  assertOk(model);
  return model.value;
}

/** What the levers of a task would set first. */
function* levers(input: ScenarioInput) {
  const scenario = scenarioOf(input);
  const model = resolveModel(scenario.model);
  assertOk(model);
  for (const lever of LEVERS) {
    const [first] = lever.task === scenario.task
      ? lever.propose(scenario, model.value)
      : [];
    if (first) yield first.set;
  }
}
