import { assert, assertEquals, assertMatch } from "@std/assert";
import { advice, explain } from "../../lib/mod.ts";
import { explained, textOf } from "./failures/explained.ts";
import { assertOk } from "./results.ts";

const LOSS = textOf("the loss of transformers' Trainer");
const LLAMA = "meta-llama/Llama-3.1-8B";

Deno.test("the tensor of that size is told, when it is made, and what would have fitted", () => {
  const found = explained(LOSS, {
    model: LLAMA,
    train: { method: "lora", sequence_length: 4096 },
  });
  assertEquals(found.causes, [{
    tensor: "log-softmax of logits",
    bytes: 2 * 4096 * 128_256 * 4,
    at: "forward pass, at the loss",
    words:
      "3.91 GiB = 2 × 4,096 × 128,256 × 4 B: log-softmax of logits (forward pass, at the loss)",
  }]);
  assertMatch(found.words, /3\.91 GiB = 2 × 4,096 × 128,256 × 4 B/);
  assertMatch(found.words, /1\.09 GiB .*\(fragmentation\)/);
  assertEquals(found.moment, "at the loss");
  const { scenario } = found;
  assert(scenario);
  assertEquals(
    [
      scenario.train.micro_batch,
      scenario.train.gradient_accumulation,
      scenario.hardware.gpu,
    ],
    [2, 8, { memory_gib: 79.15 }],
  );
  const advised = advice(scenario);
  assertOk(advised);
  assert(found.changes.length > 0);
  assertEquals(found.changes, advised.value.changes);
  assertEquals(found.together, advised.value.together);
});

Deno.test("where nobody says how long sequences are, the logits' size tells it", () => {
  const { scenario, filled, causes } = explained(LOSS, { model: LLAMA });
  assertEquals(scenario?.train.sequence_length, 4096);
  assertEquals(causes[0]?.bytes, 2 * 4096 * 128_256 * 4);
  assertEquals(filled.find(({ path }) => path === "train.sequence_length"), {
    path: "train.sequence_length",
    value: 4096,
    from: "the size that was asked for, as logits",
  });
});

Deno.test("without a model the same facts are told, and to name it", () => {
  const { scenario, causes, words, steps, changes, read } = explained(LOSS);
  assertEquals([scenario, causes, changes], [null, [], []]);
  assertEquals(read.tried_bytes, Math.round(3.91 * 2 ** 30));
  assertMatch(
    words,
    /^PyTorch asked for 3\.91 GiB on GPU 0 at the loss; 2\.31 GiB of 79\.15 GiB were free\./,
  );
  assertMatch(steps.join(" "), /fused or chunked loss.*Name the model/s);
});

Deno.test("what is given wins over what the text tells", () => {
  const { scenario } = explained(LOSS, {
    model: LLAMA,
    train: { micro_batch: 1, sequence_length: 8192 },
    hardware: { gpu: "H100-80GB" },
  });
  assertEquals(scenario?.train.micro_batch, 1);
  assertEquals(scenario?.train.gradient_accumulation, 8);
  assertEquals(scenario?.hardware.gpu, "H100-80GB");
});

Deno.test("a step of AdamW is told by its parameter", () => {
  const { causes, moment } = explained(textOf("the first step of AdamW"), {
    model: LLAMA,
    precision: { weights: "fp32" },
  });
  assertEquals(moment, "in the optimizer's step");
  assertEquals(
    causes[0]?.words,
    "1.96 GiB = 128,256 × 4,096 × 4 B: states of adamw, of model.embed_tokens.weight (optimizer step)",
  );
});

Deno.test("scores of a sequence that nobody gave are told by its length", () => {
  const { causes, scenario } = explained(
    textOf("a backward pass under FSDP that computes layers again"),
    { model: "openai/gpt-oss-20b" },
  );
  assertEquals(scenario?.train.attention, "eager");
  assertEquals(scenario?.train.checkpointing, "full");
  assertEquals(
    causes[0]?.words,
    "8.00 GiB = 1 × 64 × 8,192 × 8,192 × 2 B: scores of attention, of so long a sequence",
  );
});

Deno.test("what other processes hold is no room for the run", () => {
  const text = textOf("several processes on the GPU");
  const { read, steps, words, changes } = explained(text, {
    model: "Qwen/Qwen3-8B",
    train: { method: "lora", checkpointing: "full" },
    hardware: { gpu: "A100-80GB" },
  });
  assertEquals(read.others.length, 2);
  assertMatch(steps[0] ?? "", /^End process 1120377, which has 41\.12 GiB/);
  assertMatch(words, /Others on the same GPU: process 884102 21\.30 GiB/);
  assertMatch(words, /others leave 16\.\d+ GiB of 79\.\d+ GiB/);
  // It fits the whole GPU, and not what the others leave of it.
  const alone = advice({ ...assertScenario(text) });
  assertOk(alone);
  assertEquals(alone.value.changes, []);
  assert(changes.some(({ fits }) => fits));
});

function assertScenario(text: string) {
  const { scenario } = explained(text, {
    model: "Qwen/Qwen3-8B",
    train: { method: "lora", checkpointing: "full" },
    hardware: { gpu: "A100-80GB" },
  });
  assert(scenario);
  return scenario;
}

Deno.test("a request of 20 MiB tells no tensor", () => {
  const { causes, words } = explained(
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 23.52 GiB of which 10.00 MiB is free.",
    { model: "Qwen/Qwen3-8B" },
  );
  assertEquals(causes, []);
  assertMatch(words, /tells no tensor/);
});

Deno.test("room that was there by the message's own count is told", () => {
  const { words, steps } = explained(
    textOf("1.13 to 2.0, plenty of room by its own count"),
  );
  assertMatch(words, /More was free than it asked for\./);
  assertMatch(steps[0] ?? "", /another process/);
});

Deno.test("fragmentation is told where it would have been enough", () => {
  const { steps } = explained(
    textOf("a rank's line and the same without a prefix"),
  );
  assertMatch(steps[0] ?? "", /expandable_segments:True.*6\.39 GiB/);
  const full = explained(LOSS);
  assert(!full.steps.some((each) => each.includes("expandable_segments")));
});

Deno.test("the host's memory asks for no changes of the GPU's", () => {
  const { changes, words, causes } = explained(
    textOf("the host has no room for offloaded states"),
    { model: "Qwen/Qwen3-8B" },
  );
  assertEquals([changes, causes], [[], []]);
  assertMatch(words, /machine's own memory/);
});

Deno.test("a scenario that is refused is told with its place", () => {
  const result = explain(LOSS, { model: LLAMA, train: { micro_batch: 0 } });
  assert(!result.ok);
  assertEquals(result.problems[0]?.path, "scenario.train.micro_batch");
  assertMatch(result.problems[0]?.message ?? "", /at least 1/);
  const unknown = explain(LOSS, { model: "nobody/nothing" });
  assert(!unknown.ok);
  assertEquals(unknown.problems[0]?.path, "scenario.model");
});

Deno.test("a name in the text that is no model's is not taken for one", () => {
  const { scenario, words } = explained(
    `python train.py --model_name_or_path my-team/our-own-model\n${LOSS}`,
  );
  assertEquals(scenario, null);
  assertMatch(words, /^PyTorch asked for/);
});

Deno.test("the code on the stack tells the method, the objective and the engine", () => {
  const ranks = Array.from(
    { length: 8 },
    (_, rank) =>
      `[rank${rank}]:   File "/venv/lib/python3.11/site-packages/trl/trainer/dpo_trainer.py", line 1300, in compute_loss
[rank${rank}]:   File "/venv/lib/python3.11/site-packages/deepspeed/runtime/zero/stage3.py", line 12, in hook
[rank${rank}]:   File "/venv/lib/python3.11/site-packages/peft/tuners/lora/layer.py", line 700, in forward
[rank${rank}]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16 GiB. GPU ${rank} has a total capacity of 79.15 GiB of which 1.00 GiB is free.`,
  );
  const { scenario, words } = explained(ranks.join("\n"), {
    model: "Qwen/Qwen3-8B",
  });
  assert(scenario);
  assertEquals(
    [
      scenario.parallel.gpus,
      scenario.engine.name,
      scenario.engine.zero_stage,
      scenario.train.method,
      scenario.train.objective,
    ],
    [8, "deepspeed", 3, "lora", "dpo"],
  );
  assertMatch(words, /It failed on 8 GPUs: 0, 1, 2, 3, 4, 5, 6, 7\./);
});

Deno.test("one rank's stack says nothing of how many there are", () => {
  const { scenario } = explained(
    textOf("a backward pass under FSDP that computes layers again"),
    { model: "openai/gpt-oss-20b" },
  );
  assertEquals(scenario?.parallel.gpus, 1);
  assertEquals(scenario?.engine.name, "auto");
});

Deno.test("a snapshot's largest blocks are told as tensors of the run", () => {
  const sizes = [128_256 * 4096 * 2, 14_336 * 4096 * 2];
  const snapshot = JSON.stringify([{
    device: 0,
    total_size: 2 ** 32,
    allocated_size: sizes.reduce((sum, size) => sum + size, 0),
    blocks: sizes.map((size) => ({ size, state: "active_allocated" })),
  }]);
  const { causes } = explained(snapshot, { model: LLAMA });
  assertEquals(causes.map(({ bytes }) => bytes), sizes);
  assertMatch(
    causes[0]?.words ?? "",
    /128,256 × 4,096 × 2 B: parameters in bf16/,
  );
});

Deno.test("all parameters as one are told where an engine sets up its shards", () => {
  const { causes, scenario } = explained(
    textOf("DeepSpeed's optimizer while it is set up, in a notebook"),
    { model: "llama2-7b" },
  );
  assertEquals(scenario?.engine.name, "deepspeed");
  assertEquals(
    causes[0]?.words,
    "25.10 GiB = 6,738,415,616 × 4 B: all parameters as one",
  );
});
