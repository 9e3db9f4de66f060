import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "../npm/fast-check.ts";
import { workOf } from "./work.ts";
import { stringify } from "yaml";
import type { Imported } from "../../lib/mod.ts";
import {
  parseScenario,
  scenarioOfConfiguration,
  scenarioOfConfigurations,
} from "../../lib/mod.ts";
import { FORMATS } from "../../lib/interop/tools.ts";
import {
  MAX_CONFIGURATION_LENGTH,
  MAX_CONFIGURATIONS,
} from "../../lib/interop/reading/limits.ts";
import { readShell } from "../../lib/interop/reading/shell/read_shell.ts";

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
  ["two documents", "optim: sgd\n---\noptim: lion", /one YAML document.* 2;/],
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
  [
    "a variable that is not set",
    "torchrun pretrain_gpt.py --num-layers 4 --tensor-model-parallel-size $TP",
    /--tensor-model-parallel-size is \$TP, which the text does not set/,
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

/** Texts whose reading could take work that grows faster than they do. */
const SLOW: [what: string, size: number, text: (size: number) => string][] = [
  ["keys", 2000, (size) => keys(size).map((key) => `${key}: 1`).join("\n")],
  ["flow", 2000, (size) => `{${keys(size).join(",")}}`],
  ["brackets", 2000, (size) => "[]".repeat(size)],
  ["documents", 2000, (size) => "---\na: 1\n".repeat(size)],
  ["errors", 2000, (size) => ": ".repeat(size)],
  [
    "variables",
    100,
    (size) => `A=x\n${"A=$A$A$A\n".repeat(size)}torchrun --num-layers $A`,
  ],
];

function keys(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `k${at}`);
}

for (const [what, size, text] of SLOW) {
  Deno.test(`scenarioOfConfiguration() reads twice the ${what} with twice the work`, () => {
    const [once, twice] = [text(size), text(2 * size)];
    assert(twice.length <= MAX_CONFIGURATION_LENGTH);
    const least = workOf(() => scenarioOfConfiguration(once));
    const most = workOf(() => scenarioOfConfiguration(twice));
    assert(least > size);
    assert(most < 2.3 * least, `${most} steps after ${least}`);
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

Deno.test("scenarioOfConfiguration() names what it leaves out, and why", () => {
  const { ignored, warnings, assumed } = imported(
    "optim: grokadamw\nmade_up: 1\nlearning_rate: 1e-4\nddp_bucket_cap_mb: 9\nauto_find_batch_size: false",
  );
  const reason = (key: string) =>
    ignored.find((each) => each.key === key)?.reason ?? "";
  assertMatch(reason("made_up"), /not a setting of TrainingArguments/);
  assertMatch(reason("learning_rate"), /decides no GPU memory/);
  assertMatch(reason("auto_find_batch_size"), /switched off/);
  assertEquals(warnings.length, 2);
  assertMatch(warnings[0] ?? "", /^optim \("grokadamw"\) moves memory/);
  assertMatch(warnings[1] ?? "", /^ddp_bucket_cap_mb \(9\) moves memory/);
  assertEquals(
    assumed.map(({ path }) => path).toSorted(),
    [
      "hardware.gpu",
      "parallel.gpus",
      "precision.weights",
      "train.attention",
      "train.micro_batch",
      "train.sequence_length",
    ],
  );
});

Deno.test("scenarioOfConfigurations() fills one file's auto from another, the later one wins", () => {
  const read = scenarioOfConfigurations([
    {
      name: "args.yaml",
      text:
        "per_device_train_batch_size: 2\ngradient_accumulation_steps: 4\nbf16: true\ndeepspeed: ds_z2.json",
    },
    {
      name: "ds.json",
      text:
        `{"train_micro_batch_size_per_gpu": "auto", "bf16": {"enabled": "auto"}, "zero_optimization": {"stage": 3}}`,
    },
    {
      name: "accelerate.yaml",
      text:
        "distributed_type: DEEPSPEED\nmixed_precision: fp16\nnum_processes: 4\ndeepspeed_config: {gradient_accumulation_steps: 8}",
    },
  ]);
  assert(read.ok, JSON.stringify(read));
  const { scenario, ignored, assumed, understood, formats } = read.value;
  assertEquals(formats.map(({ name }) => name), [
    "args.yaml",
    "ds.json",
    "accelerate.yaml",
  ]);
  assertEquals(scenario["engine"], { name: "deepspeed", zero_stage: 3 });
  assertEquals(scenario["precision"], { weights: "fp16" });
  assertEquals(scenario["parallel"], { gpus: 4 });
  assertEquals(scenario["train"], {
    attention: "sdpa",
    micro_batch: 2,
    gradient_accumulation: 8,
  });
  const later = ignored.filter(({ reason }) => /in a later file/.test(reason));
  assertEquals(later.map(({ key }) => key), [
    "gradient_accumulation_steps",
    "bf16",
  ]);
  assert(!understood.some(({ key }) => key === "gradient_accumulation_steps"));
  assert(!assumed.some(({ path }) => path === "engine.zero_stage"));
});

Deno.test("scenarioOfConfigurations() makes adapters of a second file", () => {
  const read = scenarioOfConfigurations([
    { text: "per_device_train_batch_size: 2\nload_in_4bit: true" },
    {
      text: `{"peft_type": "LORA", "r": 4, "base_model_name_or_path": "gpt2"}`,
    },
  ]);
  assert(read.ok);
  assertEquals(read.value.scenario["model"], "gpt2");
  assertEquals(
    (read.value.scenario["train"] as { method: string }).method,
    "qlora",
  );
});

Deno.test("accelerate's FSDP keeps adapters' frozen weights in their type", () => {
  const full = scenarioOfConfigurations([
    { text: "optim: sgd\nbf16: true\nfsdp: full_shard" },
  ]);
  const lora = scenarioOfConfigurations([
    { text: "optim: sgd\nbf16: true\nfsdp: full_shard\nuse_peft: true" },
  ]);
  assert(full.ok && lora.ok);
  assertEquals(full.value.scenario["precision"], {
    weights: "fp32",
    autocast: "bf16",
  });
  assertEquals(lora.value.scenario["precision"], {
    weights: "bf16",
    autocast: "bf16",
  });
});

Deno.test("a folder's name that the catalogue has stands for the model", () => {
  const { scenario, assumed } = imported(
    "model_name_or_path: /data/models/Qwen3-8B/\nlora_rank: 4",
  );
  assertEquals(scenario["model"], "Qwen/Qwen3-8B");
  assert(assumed.some(({ path }) => path === "model"));
  assertEquals(
    imported("model_name_or_path: ./mine\nlora_rank: 4").scenario["model"],
    "./mine",
  );
});

Deno.test("the names of DeepSpeed files tell stages and offload", () => {
  for (
    const [name, engine] of [
      ["deepspeed_configs/zero3_bf16.json", { zero_stage: 3 }],
      ["ds_z0_config.json", { zero_stage: 0 }],
      ["zero2_offload.json", { zero_stage: 2, offload_optimizer: "cpu" }],
      ["ds_config_stage_1.json", { zero_stage: 1 }],
      ["my_config.json", {}],
    ] as const
  ) {
    assertEquals(
      imported(`optim: sgd\ndeepspeed: ${name}`).scenario["engine"],
      { ...engine, name: "deepspeed" },
      name,
    );
  }
});

Deno.test("readShell() follows variables, arrays and sums", () => {
  const { flags, notes } = readShell(`
    set -e
    export N=4   # nodes
    A=\${B:-3}; ARGS="--one $A
      --two '$N' "   # not read
    LIST=( --three=$(( N * (2 + 0) )) --four $((N*2+A)) )
    if [ -n "$X" ]; then
      LIST+=( --five 5 )
    fi
    LIST+=( --six )
    torchrun run.py $ARGS "\${LIST[@]}" \\
      --seven "two words" --eight $NOT_SET --nine=-1 -- rest
  `);
  assertEquals(notes.length, 1);
  assertMatch(notes[0] ?? "", /^1 line stands in conditions/);
  const { one, three, four, five, six, seven, eight, nine } = flags;
  assertEquals({ one, four, five, six, seven, nine }, {
    one: "3",
    four: "11",
    five: undefined,
    six: true,
    seven: "two words",
    nine: "-1",
  });
  assert(String(three).startsWith("\u0001"));
  assertEquals(eight, "\u0001NOT_SET");
});

Deno.test("readShell() ends whatever it reads", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(
        ..."--a $ ${ } ( ) \" ' \\ \n = A=1 A+=( $A ${A[@]} $((A*2)) # if fi ; | & \u0001 é"
          .split(" "),
        " ",
      )),
      (pieces) => {
        readShell(pieces.join(""));
      },
    ),
    { numRuns: 500 },
  );
});

/** Keys that some format knows, and others. */
const KEYS = [
  ...new Set(
    FORMATS.flatMap(({ rules, unexpressed }) =>
      [...rules, ...unexpressed].flatMap(({ keys }) => keys)
    ).map((key) => key.split(".")[0] ?? key),
  ),
  "__proto__",
  "constructor",
  "toString",
  "x",
];

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      "auto",
      "none",
      "cpu",
      "bf16",
      0,
      1,
      3,
      8,
      -1,
      1.5,
      1e300,
    ),
    fc.string(),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(...KEYS, "stage", "device", "enabled"),
      tie("any"),
      {
        maxKeys: 3,
      },
    ),
  ),
})).any;

Deno.test("scenarioOfConfiguration() answers any settings with a scenario or with problems", () => {
  let read = 0;
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 8 }),
      fc.boolean(),
      (settings, json) => {
        const text = json ? JSON.stringify(settings) : stringify(settings);
        const result = scenarioOfConfiguration(text);
        if (!result.ok) {
          assert(result.problems.length > 0);
          for (const { message } of result.problems) {
            assert(message.length > 0 && message.length < 2000);
          }
          return;
        }
        read++;
        const { model, ...rest } = result.value.scenario;
        assert(parseScenario({ ...rest, model: "gpt2" }).ok);
        JSON.stringify(model);
      },
    ),
    { numRuns: 1500 },
  );
  assert(read > 20, `${read} were read`);
});

Deno.test("scenarioOfConfiguration() answers objects that cannot be made texts", () => {
  for (const key of KEYS) {
    for (const value of [{ toString: null }, [{ toString: 1, valueOf: 1 }]]) {
      const result = scenarioOfConfiguration(JSON.stringify({ [key]: value }));
      assert(result.ok || result.problems.length > 0);
    }
  }
});

Deno.test("scenarioOfConfiguration() answers any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const result = scenarioOfConfiguration(text);
      assert(result.ok || result.problems.length > 0);
    }),
    { numRuns: 500 },
  );
});

function imported(text: string): Imported {
  const read = scenarioOfConfiguration(text);
  assert(read.ok, JSON.stringify(read));
  return read.value;
}

Deno.test("scenarioOfConfiguration() refuses more lines than a configuration has", () => {
  const read = scenarioOfConfiguration("a: 1\n" + "\n".repeat(10_000));
  assert(!read.ok);
  assertMatch(
    read.problems[0]?.message ?? "",
    /at most 10000 lines: current value has 10002/,
  );
});
