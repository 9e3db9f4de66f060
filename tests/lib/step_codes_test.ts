import { assert, assertEquals } from "@std/assert";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { tryEstimate } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import { playStep } from "../../lib/engines/step.ts";
import type { Step } from "../../lib/engines/step.ts";
import { GIB } from "../../lib/units/mod.ts";
import measured from "../truth/measured.json" with { type: "json" };
import { assertOk, assertPlayed } from "./results.ts";

function played(scenario: ScenarioInput): Step {
  const parsed = parseScenario(scenario);
  assertOk(parsed);
  const model = resolveModel(parsed.value.model);
  assertOk(model);
  const step = playStep(parsed.value, model.value);
  assertPlayed(step);
  return step;
}

type Train = NonNullable<ScenarioInput["train"]>;
type Optimizer = NonNullable<ScenarioInput["optimizer"]>;

const COMPILED: Train = { kernels: "compile" };
const CHUNKED: Train = { ...COMPILED, loss: "chunked" };
const CHECKPOINTED: Train = { ...CHUNKED, checkpointing: "full" };
const OFFLOADED: Train = { ...CHECKPOINTED, checkpoint_offload: true };
const FUSED: Optimizer = { implementation: "fused" };
const IN_BACKWARD: Optimizer = { ...FUSED, in_backward: true };

/**
 * Llama-3.2-3B, full bf16 fine-tuning on an A100 with torch 2.5.1: the cumulative
 * rows of the README of torchtune at 1814feb17 (2 × 4096 tokens), and of the
 * review of its pull request 2003 (5 × 2048), in GiB of active memory.
 */
const TORCHTUNE: [
  row: string,
  train: Train,
  optimizer: Optimizer,
  gib: [number, number],
][] = [
  ["packed", {}, FUSED, [60.0, 70.52]],
  ["compile", COMPILED, FUSED, [51.0, 59.33]],
  ["chunked cross entropy", CHUNKED, FUSED, [42.9, 48.69]],
  ["checkpoints", CHECKPOINTED, FUSED, [24.9, 25.28]],
  ["optimizer in backward", CHECKPOINTED, IN_BACKWARD, [23.1, 23.92]],
  ["checkpoints on the host", OFFLOADED, IN_BACKWARD, [21.8, 22.34]],
  ["8-bit AdamW", OFFLOADED, { bits: 8, in_backward: true }, [17.6, 17.57]],
];

for (const [row, train, optimizer, gib] of TORCHTUNE) {
  Deno.test(`playStep() reaches torchtune's measured peak: ${row}`, () => {
    for (const [at, [micro_batch, sequence_length]] of SIZES.entries()) {
      const { peak } = played({
        model: "meta-llama/Llama-3.2-3B-Instruct",
        train: { micro_batch, sequence_length, ...train },
        optimizer,
        software: { model_code: "torchtune", torch: "2.5.1" },
      });
      const error = peak.bytes / GIB / (gib[at] ?? 0) - 1;
      assert(Math.abs(error) < 0.008, `${micro_batch}: ${error}`);
    }
  });
}

const SIZES = [[2, 4096], [5, 2048]] as const;

Deno.test("torchao's 8-bit step takes what its compiled kernels and their tries take", () => {
  for (const [at, [micro_batch, sequence_length]] of SIZES.entries()) {
    const { peak } = played({
      model: "meta-llama/Llama-3.2-3B-Instruct",
      train: { micro_batch, sequence_length, ...OFFLOADED },
      optimizer: { bits: 8, in_backward: true },
      software: { model_code: "torchtune", torch: "2.5.1" },
    });
    // 17.56 follows from the row's 17.6 and the percentages beside it.
    const error = peak.bytes / GIB / ([17.56, 17.57][at] ?? 0) - 1;
    assert(Math.abs(error) < 0.002, `${micro_batch}: ${error}`);
  }
});

/**
 * The same README's last rows, by the command beside them: 2 × 4096 tokens, rank
 * 64 on q, v, o and the MLP, checkpoints on the host. Both are too high by the
 * same 0.32 GiB, which no code that was read explains: never more.
 */
const ADAPTED: [method: "lora" | "qlora", gib: number, most: number][] = [
  ["lora", 8.5, 0.038],
  ["qlora", 4.6, 0.073],
];

for (const [method, gib, most] of ADAPTED) {
  Deno.test(`playStep() comes near torchtune's measured peak: ${method} with checkpoints on the host`, () => {
    const { peak } = played({
      model: "meta-llama/Llama-3.2-3B-Instruct",
      train: {
        ...OFFLOADED,
        micro_batch: 2,
        sequence_length: 4096,
        method,
        lora: {
          rank: 64,
          targets: [
            "q_proj",
            "v_proj",
            "o_proj",
            "gate_proj",
            "up_proj",
            "down_proj",
          ],
          adapter_dtype: "bf16",
        },
      },
      optimizer: FUSED,
      software: { model_code: "torchtune", torch: "2.5.1" },
      ...(method === "qlora"
        ? { quantization: { weights: "nf4-dq", kbit_upcast: false } }
        : {}),
    });
    const error = peak.bytes / GIB / gib - 1;
    assert(Math.abs(error) < most, String(error));
  });
}

Deno.test("torchtune's full recipes drop the loss that they have compiled", () => {
  const labels = (train: Train) =>
    played({
      model: "meta-llama/Llama-3.2-1B",
      train: { sequence_length: 4096, checkpointing: "full", ...train },
      optimizer: { ...FUSED, in_backward: true },
      software: { model_code: "torchtune", torch: "2.5.1" },
    }).peak.live.map(({ label }) => label);
  const eager = "log-softmax of logits";
  assert(labels(COMPILED).includes(eager));
  assert(!labels({ ...COMPILED, method: "lora" }).includes(eager));
  assert(!labels(CHUNKED).includes(eager));
});

Deno.test("a compiled loss in pieces scatters its gradient until torch 2.4 alone", () => {
  const peakOf = (torch: string | null) =>
    played({
      model: "meta-llama/Llama-3.2-1B",
      train: { ...CHECKPOINTED, method: "lora", sequence_length: 4096 },
      optimizer: FUSED,
      software: { model_code: "torchtune", torch },
    }).peak.bytes;
  // One piece of eight in fp32.
  assertEquals(peakOf("2.4.1") - peakOf("2.5.1"), 4096 / 8 * 128_256 * 4);
  assertEquals(peakOf(null), peakOf("2.5.1"));
});

const litgpt = measured.filter(({ id, gpus }) =>
  gpus === 1 && id.startsWith("litgpt-ft-lora")
);

for (const { id, scenario, measured: { bytes } } of litgpt) {
  Deno.test(`playStep() reaches LitGPT's measured peak: ${id}`, () => {
    const error = played(scenario as ScenarioInput).peak.bytes / bytes - 1;
    assert(Math.abs(error) < 0.006, String(error));
  });
}

Deno.test("LitGPT's measured runs are there", () => {
  assertEquals(litgpt.length, 7);
});

const fusedLoss = measured.filter(({ scenario, gpus, measured: { what } }) =>
  gpus === 1 && what === "allocated_peak" &&
  "train" in scenario && scenario.train?.loss === "fused"
);

for (const { id, scenario, measured: { bytes } } of fusedLoss) {
  Deno.test(`playStep() reaches the measured peak with a fused loss: ${id}`, () => {
    const error = played(scenario as ScenarioInput).peak.bytes / bytes - 1;
    assert(Math.abs(error) < 0.017, String(error));
  });
}

Deno.test("measured runs with a fused loss are there", () => {
  assert(fusedLoss.length >= 9);
});

const SMALL: ScenarioInput = {
  model: "meta-llama/Llama-3.2-1B",
  train: { micro_batch: 2, sequence_length: 1024, checkpointing: "full" },
};

Deno.test("an offloaded checkpoint of each layer lies on the host", () => {
  const { host } = estimate({
    ...SMALL,
    train: { ...SMALL.train, checkpoint_offload: true },
  });
  // 16 layers × 2 × 1024 tokens × 2048 features × 2 bytes.
  assertEquals(host.peak_bytes, 16 * 2 * 1024 * 2048 * 2);
  assertEquals(estimate(SMALL).host.peak_bytes, null);
});

Deno.test("offloaded checkpoints free the GPU of all but one at the loss", () => {
  const here = played(SMALL);
  const away = played({
    ...SMALL,
    train: { ...SMALL.train, checkpoint_offload: true },
  });
  // Of 17 hidden states, the last is the final norm's input in both.
  assertEquals(
    here.phases.forward - away.phases.forward,
    16 * 2 * 1024 * 2048 * 2,
  );
});

Deno.test("every second layer keeps its activations with selective checkpointing", () => {
  const [none, half, full] = (["none", "selective", "full"] as const).map(
    (checkpointing) =>
      played({ ...SMALL, train: { ...SMALL.train, checkpointing } }).phases
        .backwardStart,
  ) as [number, number, number];
  assertEquals(none - half, half - full);
});

Deno.test("with the optimizer in the backward pass, only the tied matrix's gradient waits", () => {
  const { peak } = played({
    ...SMALL,
    train: { ...SMALL.train, loss: "fused" },
    optimizer: { in_backward: true, name: "sgd" },
  });
  const gradients = peak.live.filter(({ part }) => part === "gradients");
  const bytes = gradients.reduce((sum, each) => sum + each.bytes, 0);
  // Beside it less than two of the largest in a layer, of 8192 × 2048.
  const tied = 128_256 * 2048 * 2;
  assert(bytes >= tied && bytes < tied + 2 * 8192 * 2048 * 2, String(bytes));
});

Deno.test("code that is not played through is said", () => {
  const { warnings } = estimate({
    ...SMALL,
    software: { model_code: "gpt-fast" },
  });
  assert(warnings.some((text) => text.includes("gpt-fast")), warnings.join());
});

function estimate(scenario: ScenarioInput) {
  const result = tryEstimate(scenario);
  assertOk(result);
  return result.value;
}
