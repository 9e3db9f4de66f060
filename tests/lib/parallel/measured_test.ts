import { assert, assertEquals } from "@std/assert";
import { tryEstimate } from "../../../lib/ask/estimate.ts";
import type { Prediction } from "../../../lib/evidence/predict.ts";
import { predictAll } from "../../../lib/evidence/predict.ts";
import { readCases } from "../../../lib/evidence/case.ts";
import { quantile } from "../../../lib/evidence/quantile.ts";
import { Pool } from "../../../lib/play/memory/allocator/pool.ts";
import { GROWING } from "../../../lib/play/memory/allocator/sizes.ts";
import measured from "../../truth/measured.json" with { type: "json" };
import { assertOk } from "../results.ts";
import { estimated, played } from "../played.ts";

const cases = readCases(measured);
assertOk(cases);

/** Training on several GPUs whose settings are surely known. */
const PREDICTIONS = predictAll(
  cases.value.filter(({ confidence, scenario }) => {
    const { task, parallel } = scenario as {
      task?: string;
      parallel?: { gpus?: number };
    };
    return confidence === "high" && task !== "serve" &&
      (parallel?.gpus ?? 1) > 1;
  }),
  "timeline",
  tryEstimate,
);

const AIMS: readonly [
  what: string,
  start: string,
  median: number,
  p95: number,
][] = [
  ["PyTorch's count of allocated bytes", "allocated", 0.03, 0.12],
  ["what nvidia-smi shows", "device", 0.06, 0.18],
];

for (const [what, start, median, p95] of AIMS) {
  Deno.test(`training on several GPUs, confidence high: ${what} is reached`, () => {
    const own = PREDICTIONS.filter(({ reading }) =>
      reading.counter.startsWith(start)
    );
    const errors = own.map(({ error, reason }) => {
      assert(error !== null, reason ?? "");
      return Math.abs(error);
    });
    assert(quantile(errors, 0.5) <= median, `median ${quantile(errors, 0.5)}`);
    assert(quantile(errors, 0.95) <= p95, `p95 ${quantile(errors, 0.95)}`);
  });
}

function errorOf(id: string): number {
  const found: Prediction | undefined = predictAll(
    assertedCases(id),
    "timeline",
    tryEstimate,
  )[0];
  assert(found && found.error !== null, `${id}: ${found?.reason}`);
  return found.error;
}

function assertedCases(id: string) {
  assertOk(cases);
  return cases.value.filter((each) => each.id === id);
}

/** Runs whose every tensor is known, and how far the figure may be off. */
const EXACT: readonly [id: string, share: number][] = [
  // Hooks hold inputs of frozen layers, and their gradients.
  ["fms-std-mistral-7b-v0.1-none-lora-2gpu-bs2-peak", 0.001],
  ["fms-std-mistral-7b-v0.1-none-lora-2gpu-bs4-peak", 0.001],
  ["fms-std-mistral-7b-v0.1-baseline-peft-bnb-lora-2gpu-bs4-peak", 0.001],
  [
    "fms-liger-meta-llama-3-8b-foak-fast-kernels-liger-lora-4gpu-bs16-peak",
    0.001,
  ],
  ["fms-std-llama-2-70b-hf-accelerated-peft-bnb-lora-2gpu-bs2-peak", 0.003],
  // Packed experts are flattened matrix by matrix.
  [
    "fms-std-mixtral-8x7b-instruct-v0.1-accelerated-peft-bnb-lora-2gpu-bs4-steady",
    0.002,
  ],
  // Whole blocks' gradients wait unreduced.
  ["litgpt-ft-lora-llama-2-7-b-none-mb1-2gpu", 0.04],
  ["litgpt-ft-lora-stablelm-alpha-3-b-none-mb1-2gpu", 0.04],
];

for (const [id, share] of EXACT) {
  Deno.test(`a measured run of several GPUs is reached: ${id}`, () => {
    const error = errorOf(id);
    assert(Math.abs(error) <= share, `${(100 * error).toFixed(2)} % off`);
  });
}

const LORA = {
  model: "meta-llama/Llama-3.1-8B",
  train: { method: "lora", checkpointing: "full", micro_batch: 4 },
  precision: { autocast: "bf16" },
  parallel: { gpus: 2 },
  engine: { name: "fsdp" },
} as const;

Deno.test("only reentrant checkpoints of frozen layers are held by FSDP's hooks", () => {
  const held = (transformers: string, more: object = {}) =>
    played({ ...LORA, ...more, software: { transformers } }).peak.live.filter(
      ({ label }) => label.includes("hooks hold"),
    );
  const loss = { train: { ...LORA.train, loss: "fused", kernels: "liger" } };
  assertEquals(held("4.48.1", loss).length, 2);
  assertEquals(held("5.0.0", loss), []);
  assertEquals(
    held("4.48.1", { train: { ...loss.train, method: "full" } }),
    [],
  );
});

Deno.test("what is taken on other streams is in other segments", () => {
  const { program } = played(LORA);
  const streams = new Set(
    program.step.flatMap((act) =>
      act.act === "take" ? [act.buffer.stream ?? null] : []
    ),
  );
  assert(streams.has("gathering") && streams.has("reducing"));
});

Deno.test("a segment that grows is made longer by its free end, by whole pages", () => {
  const { large } = GROWING;
  const page = large.page ?? 0;
  const pool = new Pool(large);
  const first = pool.take(pool.requestOf(page / 2));
  const second = pool.take(pool.requestOf(page / 4));
  assertEquals(pool.reserved, page);
  pool.release(second);
  // Half a page is free at the end.
  const third = pool.take(pool.requestOf(page));
  assertEquals([pool.reserved, pool.address[third]], [2 * page, page / 2]);
  pool.release(first);
  assertEquals(pool.address[pool.take(pool.requestOf(page / 2 - 1))], 0);
  assertEquals(pool.reserved, 2 * page);
});

Deno.test("torchtitan's segments grow, and others' do not", () => {
  const of = (model_code: "torchtitan" | "transformers") =>
    played({
      model: "meta-llama/Llama-3.2-1B",
      precision: { weights: "fp32", autocast: "bf16" },
      parallel: { gpus: 8 },
      engine: { name: "fsdp2" },
      software: { model_code },
    }).program.grows ?? false;
  assertEquals([of("torchtitan"), of("transformers")], [true, false]);
});

Deno.test("a band of several GPUs is of runs of the same engine", () => {
  const note = estimated(LORA).assumptions.find((each) =>
    each.startsWith("The band")
  );
  assert(note?.includes("LoRA training runs under FSDP on several GPUs"), note);
});
