import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import {
  estimate,
  formatBytes,
  GIB,
  heldBytes,
  scenarioOfConfiguration,
} from "../../lib/mod.ts";
import { Verdict } from "../../templates/answer/verdict.tsx";
import { pagedWords } from "../../templates/paged_words.ts";
import { devicePartsOf } from "../../templates/device_parts.ts";
import { estimateText } from "../../templates/terminal/estimate_text.ts";
import { assertOk } from "./results.ts";

const MIB = 1024 ** 2;
const textOf = (answer: Estimate) => estimateText(answer, { color: false });
type Optimizer = NonNullable<ScenarioInput["optimizer"]>;

/** torchtune's full_finetune_single_device with the 8B's own configuration. */
function full8b(gpu: string, optimizer: Optimizer = {}): ScenarioInput {
  return {
    model: "meta-llama/Llama-3.1-8B",
    train: {
      micro_batch: 2,
      sequence_length: 2048,
      checkpointing: "full",
      loss: "chunked",
    },
    optimizer: { bits: 8, paged: true, in_backward: true, ...optimizer },
    hardware: { gpu },
    software: { model_code: "torchtune" },
  };
}

/** Two states of each tensor of at least 100,000 elements: all but 65 norms. */
const PAGED_8B = 2 * (8_030_261_248 - 65 * 4096);

Deno.test("a 24 GB card runs Llama-3.1-8B's full fine-tuning with paged states", () => {
  const { memory, host, fit } = estimate(full8b("RTX 4090"));
  const [own] = fit;
  assert(own?.fits);
  assertEquals(memory.paged?.bytes, PAGED_8B);
  // The pages fill what is left, and the host has the others.
  assertEquals(memory.device_peak_bytes, own.usable_bytes);
  assertEquals(memory.paged?.device_bytes, own.headroom_bytes);
  assertEquals(host.peak_bytes, PAGED_8B - own.headroom_bytes);
  assertEquals(own.moves_to_host_bytes, host.peak_bytes);
  assert((memory.high_bytes ?? 0) >= memory.device_peak_bytes);
});

Deno.test("paged states stand outside of what PyTorch counts", () => {
  for (const gpu of ["RTX 4090", "A100-80GB"]) {
    const { memory } = estimate(full8b(gpu));
    const parts = memory.parts.reduce((sum, { bytes }) => sum + bytes, 0);
    assertEquals(parts, memory.allocated_peak_bytes);
    // Scales of blocks, and states of norms, which have too few elements.
    const states = memory.parts.find(({ name }) => name === "optimizer states");
    assertEquals(states?.bytes, PAGED_8B / 256 * 4 + 65 * 2 * (4096 + 512));
  }
});

Deno.test("where there is room, paged states lie on the device and nvidia-smi shows them", () => {
  const { memory, host, fit } = estimate(full8b("A100-80GB"));
  assertEquals(memory.paged?.device_bytes, PAGED_8B);
  assertEquals(host.peak_bytes, null);
  assertEquals(fit[0]?.moves_to_host_bytes, 0);
  const held = memory.device_peak_bytes - PAGED_8B;
  assert(held > (memory.reserved_peak_bytes ?? 0));
  assertEquals(fit[0]?.headroom_bytes, (fit[0]?.usable_bytes ?? 0) - held);
  for (const { fits, headroom_bytes, moves_to_host_bytes } of fit) {
    assertEquals(fits, headroom_bytes >= 0);
    const room = Math.max(0, headroom_bytes);
    assertEquals(moves_to_host_bytes, Math.max(0, PAGED_8B - room));
  }
});

Deno.test("what is not paged still has to fit", () => {
  const { memory, fit } = estimate(full8b("T4"));
  assert(!fit[0]?.fits);
  assertEquals(memory.paged?.device_bytes, 0);
  assert(memory.device_peak_bytes > (fit[0]?.usable_bytes ?? 0));
});

/**
 * The benchmark of bitsandbytes' pull request 1898: a Llama of 217 million bf16
 * parameters, AdamW in 32 bits: 2524 MB allocated, paged 861 MB.
 */
const BENCHMARK: ScenarioInput = {
  model: {
    config: {
      model_type: "llama",
      hidden_size: 1024,
      intermediate_size: 2752,
      num_hidden_layers: 12,
      num_attention_heads: 16,
      vocab_size: 32_000,
      max_position_embeddings: 256,
    },
  },
  train: { micro_batch: 2, sequence_length: 128, attention: "sdpa" },
};

Deno.test("paged states take from PyTorch's peak what bitsandbytes measured", () => {
  const peakOf = (more: Partial<ScenarioInput>) =>
    (estimate({ ...BENCHMARK, ...more }).memory.allocated_peak_bytes ?? 0) /
    MIB;
  const paged = peakOf({ optimizer: { paged: true } });
  const plain = peakOf({
    precision: { optimizer_states: "fp32" },
    optimizer: { implementation: "fused" },
  });
  assert(Math.abs(paged / 861 - 1) < 0.015, String(paged));
  assert(Math.abs((plain - paged) / (2524 - 861) - 1) < 0.002);
});

const NAMES: [optim: string, perElement: number][] = [
  ["paged_adamw", 8],
  ["paged_adamw_32bit", 8],
  ["paged_adamw_8bit", 2],
  ["paged_ademamix_32bit", 12],
  ["paged_ademamix_8bit", 3],
  ["paged_lion", 4],
  ["paged_lion_8bit", 1],
];

for (const [optim, perElement] of NAMES) {
  Deno.test(`the Trainer's optim ${optim} pages ${perElement} bytes an element`, () => {
    const read = scenarioOfConfiguration(
      JSON.stringify({ optim, model_name_or_path: "gpt2" }),
    );
    assertOk(read);
    const { optimizer } = read.value.scenario as ScenarioInput;
    const { memory } = estimate({
      model: "gpt2",
      train: { sequence_length: 128 },
      ...(optimizer ? { optimizer } : {}),
    });
    // GPT-2's matrices, and its embeddings, which the Trainer keeps in fp32.
    const matrices = 12 * (4 + 8) * 768 ** 2;
    const embeddings = (50_257 + 1024) * 768;
    const wide = perElement < 4 ? 4 * perElement : perElement;
    assertEquals(
      memory.paged?.bytes,
      perElement * matrices + wide * embeddings,
    );
  });
}

Deno.test("an optimizer that bitsandbytes cannot page says so", () => {
  const { memory, warnings } = estimate({
    model: "gpt2",
    optimizer: { name: "sgd-momentum", paged: true },
  });
  assertEquals(memory.paged, undefined);
  assert(
    warnings.some((text) => text.startsWith("optimizer.paged has no effect")),
    warnings.join(),
  );
});

Deno.test("a paged optimizer's steps take nothing beside its states", () => {
  const { memory } = estimate(full8b("A100-80GB"));
  assertEquals(
    memory.parts.find(({ name }) => name === "optimizer temporaries"),
    undefined,
  );
  assert((memory.allocated_peak_bytes ?? 0) < 21 * GIB);
});

Deno.test("the verdict says what becomes of paged states", () => {
  const words = (gpu: string) => pagedWords(estimate(full8b(gpu)));
  const { memory, host } = estimate(full8b("RTX 4090"));
  assertEquals(
    words("RTX 4090"),
    `${
      formatBytes(host.peak_bytes ?? 0)
    } of paged optimizer states move to the host; the other ${
      formatBytes(memory.paged?.device_bytes ?? 0)
    } take what is left of the GPU`,
  );
  assert(words("A100-80GB")?.includes("would move to the host"));
  assertEquals(words("T4"), null);
  assertEquals(pagedWords(estimate({ model: "gpt2" })), null);
});

Deno.test("a verdict's figures are of one thing: what has to fit, without pages", () => {
  for (const gpu of ["RTX 4090", "A100-80GB", "T4"]) {
    const answer = estimate(full8b(gpu));
    const [own] = answer.fit;
    const said = textOf(answer);
    const [, held = "", usable = "", used] =
      said.match(/ on .*: (\S+ GiB) of (\S+ GiB) \((\d+) %\)/) ?? [];
    assertEquals(held, formatBytes(heldBytes(answer.memory)), gpu);
    assertEquals(usable, formatBytes(own?.usable_bytes ?? 0), gpu);
    assertEquals(
      used,
      (100 * Number.parseFloat(held) / Number.parseFloat(usable)).toFixed(0),
    );
    const html = String(Verdict({ estimate: answer, headers: false }));
    assertStringIncludes(html, `<strong>${held}</strong> of ${usable}`);
  }
});

Deno.test("a band that pages fill up says so and has no ends", () => {
  const { train, ...rest } = full8b("RTX 4090");
  const filled = estimate({
    ...rest,
    train: { ...train, micro_batch: 1, sequence_length: 512 },
  });
  assertEquals(filled.memory.low_bytes, filled.memory.high_bytes);
  for (
    const text of [
      textOf(filled),
      String(Verdict({ estimate: filled, headers: false })),
    ]
  ) {
    assertStringIncludes(text, "in ten fill the GPU too");
    assert(!/in ten:|put it/.test(text));
  }
  const roomy = textOf(estimate(full8b("A100-80GB")));
  assertStringIncludes(roomy, "in ten, pages included: ");
  assert(!textOf(estimate({ model: "gpt2" })).includes("pages"));
});

Deno.test("the device's parts sum to its peak with paged states too", () => {
  for (const gpu of ["T4", "RTX 4090", "A100-80GB"]) {
    const { parts, beside, device } = devicePartsOf(estimate(full8b(gpu)));
    const bytes = [...parts, ...beside].map((part) => part.bytes);
    assertEquals(bytes.reduce((sum, each) => sum + each, 0), device, gpu);
  }
});
