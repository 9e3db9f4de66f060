import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { estimate } from "../../lib/mod.ts";
import { curveOf } from "../../lib/play/readers/curve.ts";
import { phase, said } from "./answers.ts";
import { advised } from "./advice.ts";
import { played } from "./played.ts";
import steps from "../truth/evaluations.json" with { type: "json" };

type Evaluation = NonNullable<
  NonNullable<ScenarioInput["train"]>["evaluation"]
>;

/** How far a phase of a traced step may be off. */
const TOLERANCE = 0.001;

for (const { name, scenario, bytes } of steps) {
  Deno.test(`an evaluation reaches what it was traced at: ${name}`, () => {
    const answer = estimate(scenario as unknown as ScenarioInput);
    assertEquals(answer.method, "timeline", answer.warnings.join("\n"));
    const found: Record<string, number | null> = {
      evaluation_end: answer.memory.allocated_steady_bytes,
      steady: answer.memory.allocated_steady_bytes,
    };
    const off: string[] = [];
    for (
      const each of [
        "load",
        "forward",
        "backward",
        "optimizer",
        "steady",
        "evaluation",
        "evaluation_end",
      ] as const
    ) {
      const told = found[each] ?? phase(answer, each);
      if (Math.abs(told / bytes[each] - 1) > TOLERANCE) {
        off.push(`${each}: ${told} for ${bytes[each]}`);
      }
    }
    assertEquals(off, []);
  });
}

function evaluated(
  evaluation: Evaluation,
  rest: Partial<ScenarioInput> = {},
  train: NonNullable<ScenarioInput["train"]> = {},
): Estimate {
  return estimate({
    model: "Qwen/Qwen2.5-0.5B",
    precision: { autocast: "bf16" },
    ...rest,
    train: { evaluation, ...train },
  });
}

Deno.test("an evaluation that is the peak is what binds, a smaller one is not", () => {
  const without = evaluated({});
  const small = evaluated({ micro_batch: 1 });
  const large = evaluated({ micro_batch: 32 });
  assertEquals(without.memory.phases?.length, 4);
  assertEquals(
    small.memory.allocated_peak_bytes,
    without.memory.allocated_peak_bytes,
  );
  assertMatch(large.memory.binding ?? "", /evaluation/);
  const sum = large.memory.parts.reduce((all, { bytes }) => all + bytes, 0);
  assertEquals(sum, large.memory.allocated_peak_bytes);
  assert(
    (large.memory.reserved_peak_bytes ?? 0) >=
      (large.memory.allocated_peak_bytes ?? 0),
  );
});

Deno.test("DDP and ZeRO evaluate with what stands of each, FSDP gathers units for it", () => {
  const evaluation = { micro_batch: 8 };
  const parallel = { gpus: 8 };
  const one = phase(evaluated(evaluation), "evaluation");
  const ddp = evaluated(evaluation, { parallel, engine: { name: "ddp" } });
  // Buckets of gradients stand beside.
  const buckets = 2 * 494_032_768;
  const apart = phase(ddp, "evaluation") - one;
  assert(Math.abs(apart / buckets - 1) < 0.01, `${apart}`);
  for (const stage of [1, 2] as const) {
    const zero = evaluated(evaluation, {
      parallel,
      engine: { name: "deepspeed", zero_stage: stage },
    });
    assert(phase(zero, "evaluation") > phase(zero, "load"));
  }
  for (const name of ["fsdp", "fsdp2"] as const) {
    const sharded = evaluated(evaluation, { parallel, engine: { name } });
    const steady = sharded.memory.allocated_steady_bytes ?? 0;
    const alone = evaluated(evaluation).memory.allocated_steady_bytes ?? 0;
    // A batch's logits are as large, and what stands is an eighth and a unit.
    const own = phase(sharded, "evaluation") - steady;
    assert(own > one - alone && own < 1.1 * (one - alone), `${own}`);
  }
});

Deno.test("a trainer with a loss of its own evaluates with those whom it asks", () => {
  const dpo = (train: NonNullable<ScenarioInput["train"]>) =>
    evaluated({ micro_batch: 8 }, {}, { objective: "dpo", ...train });
  const copy = dpo({});
  const alone = dpo({ reference: "precomputed" });
  assert(phase(copy, "evaluation") > phase(alone, "evaluation"));
  // A step's own reference is not that of the evaluation.
  const step = estimate({
    model: "Qwen/Qwen2.5-0.5B",
    precision: { autocast: "bf16" },
    train: { objective: "dpo" },
  });
  assertEquals(phase(copy, "reference"), phase(step, "reference"));
});

Deno.test("an evaluation of preferences that keeps logits is said not to be played", () => {
  const kept = evaluated({ micro_batch: 8, kept_batches: 2 }, {}, {
    objective: "dpo",
  });
  assertMatch(
    said(kept),
    /an evaluation of train\.objective dpo that keeps logits is not played/,
  );
});

Deno.test("lengths and kept batches without an evaluation are not used", () => {
  const kept = evaluated({ kept_batches: 3, sequence_length: 100 });
  assertMatch(said(kept), /train\.evaluation\.kept_batches is not used/);
  assertMatch(said(kept), /train\.evaluation\.sequence_length is not used/);
});

Deno.test("a smaller evaluation batch is advised where it is enough", () => {
  const advice = advised({
    model: "Qwen/Qwen2.5-0.5B",
    train: { evaluation: { micro_batch: 64 } },
    hardware: { gpu: "A100-80GB" },
  });
  const smaller = advice.changes.find(({ set }) =>
    Number(set["train.evaluation.micro_batch"]) < 64
  );
  assert(smaller?.fits);
});

Deno.test("the curve shows an evaluation after the step, up to the peak", () => {
  const { program, peak, standingBytes } = played({
    model: "Qwen/Qwen2.5-0.5B",
    precision: { autocast: "bf16" },
    train: { evaluation: { micro_batch: 16, kept_batches: 3 } },
  });
  const { points } = curveOf(program);
  assertEquals(peak.phase, "evaluation");
  assertEquals(Math.max(...points.map(({ bytes }) => bytes)), peak.bytes);
  assertEquals(points.at(-1)?.bytes, standingBytes);
  const begin = points.findIndex((each) => each.phase === "evaluation");
  assert(begin > 0);
  for (const { phase } of points.slice(begin)) {
    assertEquals(phase, "evaluation");
  }
});
