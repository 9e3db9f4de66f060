import { assert, assertMatch } from "@std/assert";
import {
  scenarioOfConfiguration,
  scenarioOfConfigurations,
} from "../../../lib/mod.ts";
import {
  MAX_CONFIGURATION_LENGTH,
  MAX_CONFIGURATIONS,
} from "../../../lib/interop/reading/limits.ts";

const BOMB = [
  "a: &a [x, x, x, x, x, x, x, x, x]",
  ..."bcdefgh".split("").map((key, at) => {
    const before = "abcdefgh"[at];
    return `${key}: &${key} [${Array(9).fill(`*${before}`).join(", ")}]`;
  }),
].join("\n");

/** Texts that are refused: what they are, and what the message says. */
const REFUSED: [what: string, text: string, reason: RegExp][] = [
  ["nothing", " \n", /must not be empty/],
  ["comments", "# nothing\n", /must not be empty/],
  ["a list", "- a\n- b", /must be settings with names/],
  ["words", "hello there", /must be settings with names/],
  [
    "settings of nobody",
    "colour: blue",
    /must be of .*Axolotl.*: current value has the keys "colour"/,
  ],
  ["bytes", "PK\0\u0001", /must be text: it holds bytes/],
  ["bytes that are no UTF-8", "a: \uFFFD", /must be text: it holds bytes/],
  [
    "five megabytes",
    `a: ${"x".repeat(5_000_000)}`,
    new RegExp(`at most ${MAX_CONFIGURATION_LENGTH} characters: .*5000003`),
  ],
  ["aliases of aliases", BOMB, /must be YAML or JSON: Excessive alias count/],
  ["brackets", `a: ${"[".repeat(5000)}`, /must nest at most 16 levels deep/],
  [
    "JSON within JSON",
    `{"optim": ${`{"a":`.repeat(40)}1${"}".repeat(40)}}`,
    /must nest at most 16 levels deep/,
  ],
  ["lists in lists", "- ".repeat(3000), /must nest at most 16 levels deep/],
  [
    "indentation",
    Array.from({ length: 60 }, (_, n) => `${" ".repeat(n)}a:`).join("\n"),
    /must nest at most 16 levels deep/,
  ],
  [
    "many values",
    `optim: [${"1,".repeat(6000)}1]`,
    /must hold at most 5000 values/,
  ],
  ["tabs", "fsdp_config:\n\tversion: 2", /must be YAML: Tabs are not allowed/],
  ["half of JSON", `{"optim": "sgd"`, /must be JSON \(/],
  ["two lists", "- a\n---\n- b", /one YAML document.* 2;/],
  [
    "a key twice",
    "optim: sgd\noptim: lion",
    /must be YAML: the key "optim" stands twice at line 2, column 1/,
  ],
  [
    "two engines",
    `{"optim": "sgd", "fsdp": "full_shard", "deepspeed": {"zero_optimization": {"stage": 3}}}`,
    /fsdp and deepspeed\.zero_optimization\.stage contradict each other: engine\.name cannot be both deepspeed and fsdp/,
  ],
  [
    "a stage under FSDP",
    "distributed_type: FSDP\nnum_processes: 2\ndeepspeed_config: {zero_stage: 3}",
    /deepspeed_config\.zero_stage and distributed_type contradict/,
  ],
  [
    "4 and 8 bits",
    "base_model: x\nadapter: lora\nload_in_4bit: true\nload_in_8bit: true",
    /load_in_8bit and load_in_4bit contradict each other/,
  ],
  [
    "two types",
    "optim: sgd\nbf16: true\nfp16: true",
    /fp16 and bf16 contradict/,
  ],
  [
    "a batch that does not divide",
    `{"train_batch_size": 30, "train_micro_batch_size_per_gpu": 4, "gradient_accumulation_steps": 2}`,
    /train_batch_size must be a multiple of the micro batch × accumulation = 8: current value is 30/,
  ],
  [
    "a batch that is another",
    "--nproc_per_node 8 --num-layers 2 --micro-batch-size 3 --global-batch-size 100",
    /global-batch-size must be a multiple of micro batch × replicas = 24: current value is 100/,
  ],
  [
    "full training of packed weights",
    "finetuning_type: full\nquantization_bit: 4",
    /quantization_bit and finetuning_type contradict/,
  ],
  [
    "a count of words",
    "per_device_train_batch_size: many",
    /per_device_train_batch_size must be a whole number above 0: .*"many"/,
  ],
  [
    "a count of nothing",
    "gradient_accumulation_steps: 0",
    /must be a whole number above 0: current value is 0/,
  ],
  [
    "a rank too large",
    "r: 100000\nlora_alpha: 1",
    /^r: train\.lora\.rank must be at most 65536: current value is 100000/,
  ],
  [
    "a switch of words",
    "gradient_checkpointing: perhaps",
    /gradient_checkpointing must be true or false/,
  ],
  [
    "a stage of five",
    `{"zero_optimization": {"stage": 5}}`,
    /zero_optimization\.stage: engine\.zero_stage must be at most 3/,
  ],
  [
    "an adapter of another kind",
    "base_model: x\nadapter: llama-adapter",
    /adapter must be lora or qlora/,
  ],
];

for (const [what, text, reason] of REFUSED) {
  Deno.test(`scenarioOfConfiguration() refuses ${what}`, () => {
    const read = scenarioOfConfiguration(text, "run.yaml");
    assert(!read.ok, JSON.stringify(read));
    const [problem] = read.problems;
    assertMatch(problem?.message.replace(/^run\.yaml: /, "") ?? "", reason);
  });
}

Deno.test("scenarioOfConfigurations() refuses none and too many", () => {
  assert(!scenarioOfConfigurations([]).ok);
  const many = Array(MAX_CONFIGURATIONS + 1).fill({ text: "optim: sgd" });
  const read = scenarioOfConfigurations(many);
  assert(!read.ok);
  assertMatch(read.problems[0]?.message ?? "", /at most 8 files: .* is 9/);
  const long = scenarioOfConfigurations([
    { text: "optim: sgd" },
    { text: "#".repeat(MAX_CONFIGURATION_LENGTH) },
  ]);
  assert(!long.ok);
  assertMatch(long.problems[0]?.message ?? "", /in all files: .* has 65546/);
});

Deno.test("scenarioOfConfiguration() refuses more lines than a configuration has", () => {
  const read = scenarioOfConfiguration("a: 1\n" + "\n".repeat(10_000));
  assert(!read.ok);
  assertMatch(
    read.problems[0]?.message ?? "",
    /at most 10000 lines: current value has 10002/,
  );
});
