import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { estimate, tryEstimate } from "../../lib/mod.ts";
import { phase, said } from "./answers.ts";

type Rollout = NonNullable<
  NonNullable<ScenarioInput["train"]>["rollout"]
>;

const MODEL = "Qwen/Qwen2.5-0.5B";

function asked(
  train: NonNullable<ScenarioInput["train"]>,
  rest: Partial<ScenarioInput> = {},
): Estimate {
  return estimate({
    model: MODEL,
    train: { micro_batch: 2, ...train },
    precision: { autocast: "bf16" },
    ...rest,
  });
}

for (
  const objective of [
    "dpo",
    "kto",
    "orpo",
    "reward",
    "classification",
    "grpo",
    "distillation",
  ] as const
) {
  Deno.test(`parts of ${objective} sum to the peak, which is that of a phase`, () => {
    const { memory } = asked({ objective, teacher: "Qwen/Qwen2.5-1.5B" });
    const peak = memory.allocated_peak_bytes ?? 0;
    const sum = memory.parts.reduce((all, { bytes }) => all + bytes, 0);
    assertEquals(sum, peak);
    const highest = Math.max(
      ...memory.phases?.map(({ peak_bytes }) => peak_bytes) ?? [],
    );
    const beside = memory.parts.filter(({ name }) =>
      name === "kernel workspaces" || name === "allocator rounding"
    ).reduce((all, { bytes }) => all + bytes, 0);
    assertEquals(peak - beside, highest);
  });
}

Deno.test("a reference's copy stands all the time, one without adapters does not", () => {
  const none = asked({ objective: "dpo", reference: "precomputed" });
  const copy = asked({ objective: "dpo", reference: "copy" });
  const weights = none.memory.parts.find(({ name }) => name === "weights");
  assertEquals(
    phase(copy, "load") - phase(none, "load"),
    weights?.bytes,
  );
  assert(none.memory.phases?.every(({ name }) => name !== "reference"));
  const off = asked({ objective: "dpo", method: "lora" });
  const plain = asked({ objective: "sft", method: "lora" });
  assertEquals(phase(off, "load"), phase(plain, "load"));
  assert(phase(off, "reference") <= phase(off, "forward"));
});

Deno.test("only the scored tokens of new releases reach the head", () => {
  const tokens = (completion_tokens: number, trl: string) =>
    phase(
      asked({ objective: "dpo", completion_tokens, sequence_length: 2048 }, {
        software: { trl },
      }),
      "backward",
    );
  assert(tokens(1024, "1.16.0") < tokens(2000, "1.16.0"));
  assertEquals(tokens(1024, "1.8.0"), tokens(2000, "1.8.0"));
  assert(tokens(2000, "1.16.0") < tokens(2000, "1.8.0"));
});

Deno.test("who generates decides what a rollout takes", () => {
  const rollout = (engine: "transformers" | "external") =>
    asked({
      objective: "grpo",
      prompt_tokens: 1024,
      rollout: { engine },
    });
  const given = rollout("external");
  assertEquals(phase(given, "rollout"), given.memory.allocated_steady_bytes);
  const made = rollout("transformers");
  assertEquals(phase(made, "rollout"), phase(made, "generation"));
  assert(phase(made, "rollout") > phase(given, "rollout"));
});

Deno.test("a reward model has a score in place of its vocabulary", () => {
  const { model } = asked({ objective: "reward" }, {
    model: "meta-llama/Llama-3.1-8B",
  });
  // 8,030,261,248 without the head of 128,256 words, and a row of 4,096.
  assertEquals(model.parameters, 8_030_261_248 - 128_256 * 4096 + 4096);
});

Deno.test("a model that learns embeddings makes no logits, and keeps a head that nobody reads", () => {
  const untied = { model: "Qwen/Qwen3-8B" } as const;
  const lora = { method: "lora", micro_batch: 2 } as const;
  const embedding = asked({ ...lora, objective: "embedding" }, untied);
  const score = asked({ ...lora, objective: "reward" }, untied);
  // 151,936 words of 4,096 numbers each, less the score's one row.
  const head = 2 * 4096 * (151_936 - 1);
  const apart = phase(embedding, "load") - phase(score, "load");
  assert(Math.abs(apart / head - 1) < 0.001, `${apart}`);
  const [logits] = embedding.memory.parts.filter(({ name }) =>
    name === "logits and loss"
  );
  // Less than one token's logits, of 4,096 tokens.
  assert((logits?.bytes ?? 0) < 2 * 151_936, `${logits?.bytes}`);
});

Deno.test("DDP adds its buckets to a step with a reference", () => {
  const train = { objective: "dpo" } as const;
  const one = asked(train);
  const many = asked(train, { parallel: { gpus: 8 }, engine: { name: "ddp" } });
  // Its buckets are as large as the gradients, but for what an allocator rounds.
  const gradients = 2 * 494_032_768;
  const apart = (many.memory.allocated_peak_bytes ?? 0) -
    (one.memory.allocated_peak_bytes ?? 0);
  assert(Math.abs(apart / gradients - 1) < 0.02, `${apart}`);
});

Deno.test("what is not played of an objective is said", () => {
  const other = asked({ objective: "dpo" }, {
    software: { model_code: "torchtune" },
  });
  assertMatch(said(other), /train\.objective = "dpo" has no effect/);
  assertMatch(
    said(asked({ objective: "grpo" })),
    /what generation takes before the update is not played without/,
  );
  assertMatch(
    said(asked({ objective: "distillation" })),
    /train\.objective = "distillation" has no effect/,
  );
  assertMatch(
    said(asked({
      objective: "dpo",
      prompt_tokens: 10,
      completion_tokens: 20,
      sequence_length: 40,
    })),
    /are 30 tokens, train\.sequence_length is 40/,
  );
});

Deno.test("an objective that is the model's own loss changes nothing", () => {
  const usual = asked({});
  for (const objective of ["sft", "pretrain"] as const) {
    const found = asked({ objective });
    assertEquals(found.memory, usual.memory);
    assertMatch(said(found), /the loss is the model's own/);
    assertEquals(found.warnings, usual.warnings);
  }
});

Deno.test("vLLM beside training stands throughout, or while it generates alone", () => {
  const grpo = (rollout: Rollout) =>
    asked({ objective: "grpo", completion_tokens: 512, rollout }, {
      hardware: { gpu: "A100-80GB" },
    });
  const away = grpo({ engine: "external" });
  const awake = grpo({ engine: "vllm", importance_sampling: false });
  const asleep = grpo({
    engine: "vllm",
    sleep: true,
    importance_sampling: false,
  });
  // A share of 0.3 of 79.25 GiB is weights, cache, a step's tensors and graphs.
  const share = 0.3 * 79.25 * 1024 ** 3;
  const held = phase(awake, "load") - phase(away, "load");
  assert(held < share && held > 0.85 * share, `${held}`);
  assertEquals(phase(awake, "backward") - phase(away, "backward"), held);
  const graphs = phase(asleep, "load") - phase(away, "load");
  assert(graphs < 0.02 * share, `${graphs}`);
  assertEquals(phase(asleep, "backward") - phase(away, "backward"), graphs);
  assertEquals(phase(asleep, "generation"), phase(awake, "generation"));
  // What PyTorch cached goes back before vLLM wakes.
  assertEquals(
    asleep.memory.reserved_peak_bytes,
    asleep.memory.allocated_peak_bytes,
  );
  assertEquals(
    asleep.memory.binding,
    "generation of completions, before the update",
  );
});

Deno.test("vLLM that has too small a share is said not to start", () => {
  const rollout = { engine: "vllm", memory_utilization: 0.01 } as const;
  assertMatch(
    said(asked({ objective: "grpo", completion_tokens: 512, rollout })),
    /vLLM beside training would not start: No available memory/,
  );
});

Deno.test("earlier log-probabilities are taken where updates do not use a rollout up", () => {
  const passes = (
    gradient_accumulation: number,
    rollout: Rollout,
  ) =>
    asked({ objective: "grpo", gradient_accumulation, rollout }).memory.phases
      ?.some(({ name }) => name === "old_logprobs");
  const given = { engine: "external" } as const;
  assertEquals(passes(1, given), false);
  assertEquals(passes(4, given), false);
  assertEquals(passes(4, { ...given, steps_per_generation: 2 }), false);
  assertEquals(passes(1, { ...given, steps_per_generation: 2 }), true);
  assertEquals(passes(1, { ...given, iterations: 2 }), true);
  assertEquals(passes(1, { engine: "vllm" }), true);
});

Deno.test("a teacher that nobody knows is a problem of its own", () => {
  const result = tryEstimate({
    model: "Qwen/Qwen2.5-0.5B",
    train: { objective: "distillation", teacher: "Qwen/Qwen2.5-1.6B" },
  });
  assert(!result.ok);
  assertEquals(result.problems.map(({ path }) => path), ["train.teacher"]);
  assertMatch(
    result.problems[0]?.message ?? "",
    /^train\.teacher must be in the catalogue: .*1\.6B.*did you mean/,
  );
});

Deno.test("a sequence that is its prompt and completion says so", () => {
  const lengths = { prompt_tokens: 512, completion_tokens: 512 };
  assertMatch(
    said(asked({ objective: "dpo", ...lengths })),
    /train\.sequence_length 1024: the tokens of a prompt and its completion/,
  );
});
