import { assert, assertEquals, assertMatch } from "@std/assert";
import tasks from "../../deno.json" with { type: "json" };
import { headroom, headroomEach } from "./headroom.ts";

/**
 * Every command line that the training memory calculator's document prints,
 * from its command on, with the figure of its own formulas and what else the
 * answer says.
 */
const EXAMPLES: [where: string, args: string, own: string, says: RegExp][] = [
  [
    "calculate from config file; LLaMA 2 7B with DeepSpeed ZeRO-3",
    "calculate --config configs/llama2_7b_deepspeed.json",
    "33.56 GiB of 80.00 GiB (42.0 %): Fits",
    /^full training, bf16, 7\.00B trainable, 4 × 4,096/m,
  ],
  [
    "GPT-3 175B with Megatron-LM",
    "calculate --config configs/gpt3_175b_megatron.json",
    "391.18 GiB of 80.00 GiB (489.0 %): Does not fit",
    /^1024 GPUs: dp 8 × tp 8 × pp 16/m,
  ],
  [
    "custom 1B model with PyTorch DDP",
    "calculate --config configs/pytorch_ddp_example.json",
    "32.28 GiB of 40.00 GiB (80.7 %): Tight",
    /^4 GPUs: dp 4/m,
  ],
  [
    "7B model with 8 GPUs using DeepSpeed",
    "quick 7 --gpus 8 --engine deepspeed",
    "34.14 GiB of 80.00 GiB (42.7 %): Fits",
    /^8 GPUs: dp 8/m,
  ],
  [
    "with custom GPU memory",
    "quick 70 --gpus 64 --gpu-mem 80 --engine megatron",
    "1294.90 GiB of 80.00 GiB (1618.6 %): Does not fit",
    /^64 GPUs: dp 64/m,
  ],
];

const ran = headroomEach(EXAMPLES.map(([, args]) => args.split(" ")));

for (const [at, [where, args, own, says]] of EXAMPLES.entries()) {
  Deno.test(`${args} (${where}): ${own}`, async () => {
    const result = (await ran)[at];
    assert(result);
    assertEquals(result.code, 0, result.err);
    assertEquals(result.err, "");
    const { out } = result;
    assertMatch(out, says);
    assert(out.includes(`\n  ${own}\n`), out);
    // A table of parts, a chart, the share that is used, and a verdict.
    assertMatch(out, /^Part +Memory +Share +Basis +Formula$/m);
    assertMatch(out, /^Peak +█+.* 100\.0 %$/m);
    assertMatch(out, /^(Fits|Tight|Does not fit) on .* \(\d+ %\)/m);
    assertMatch(out, /^All \d+ GPUs: /m);
    assertMatch(out, /^ {2}Assumed$/m);
  });
}

Deno.test("validate configs/my_config.json runs", async () => {
  const { code, out, err } = await headroom([
    "validate",
    "configs/my_config.json",
  ]);
  assertEquals([code, err], [0, ""]);
  assertMatch(out, /^✓ configs\/my_config\.json is valid$/m);
  assertMatch(out, /^ {2}Understood$/m);
});

Deno.test("calculate answers with the method that is asked for", async () => {
  const { code, out } = await headroom([
    "calculate",
    "--config",
    "configs/llama2_7b_deepspeed.json",
    "--method",
    "engine-formulas",
  ]);
  assertEquals(code, 0);
  assertMatch(out, /^Peak per GPU +33\.56 GiB$/m);
  assertMatch(out, /^Fits on .* \(42 %\)/m);
  assertMatch(out, /^Host memory per node: 104\.31 GiB$/m);
  assert(!out.includes("Second opinion"));
});

Deno.test("calculate takes presets, on another GPU, with any field set", async () => {
  const [preset, gpu, set, upper] = await headroomEach([
    ["calculate", "-p", "mixtral-8x7b", "--method", "engine-formulas"],
    ["calculate", "--preset", "mixtral-8x7b", "--gpu", "H100-80GB"],
    [
      "calculate",
      "--preset",
      "llama2-7b",
      "--method",
      "engine-formulas",
      "--set",
      "train.micro_batch=1",
    ],
    ["calculate", "--preset", "LLAMA2-7B", "--json"],
  ]);
  assertMatch(preset?.out ?? "", /^Peak per GPU +43\.97 GiB$/m);
  assertMatch(gpu?.out ?? "", / on 8 × H100-80GB: /);
  assertMatch(set?.out ?? "", /^activations +6\.40 GiB/m);
  assertEquals(upper?.code, 0);
});

Deno.test("calculate and quick print JSON and YAML, with the second opinion", async () => {
  const results = await headroomEach([
    ["calculate", "--preset", "llama2-13b", "--json"],
    ["calculate", "--preset", "llama2-13b", "--format", "json"],
    ["calculate", "--preset", "llama2-13b", "--format", "yaml"],
    ["quick", "13", "--gpus", "8", "--json"],
  ]);
  const [json, format, yaml, quick] = results.map(({ out }) => out);
  assertEquals(json, format);
  const answer = JSON.parse(json ?? "");
  assertEquals(answer.second_opinion.method, "engine-formulas");
  const peak = answer.second_opinion.memory.device_peak_bytes / 1024 ** 3;
  assertEquals(peak.toFixed(6), "28.706268");
  assertEquals(answer.read.name, "llama2-13b");
  assertMatch(yaml ?? "", /^ {2}device_peak_bytes: \d+$/m);
  assertEquals(JSON.parse(quick ?? "").scenario.parallel.gpus, 8);
});

Deno.test("quick takes every engine, type and size", async () => {
  const lines = [
    ...["pytorch", "deepspeed", "megatron", "megatron-deepspeed", "fsdp"]
      .map((engine) => `quick 7 -g 8 -e ${engine}`),
    ...["fp32", "fp16", "bf16"].map((dtype) => `quick 7 -d ${dtype}`),
    "quick 350M",
    "quick 1.5B --batch 2 --seq-len 4k",
    "quick 175 --gpus 64 --engine megatron --tp 8 --pp 8",
    "quick 7 --gpus 8 --engine deepspeed --zero 3 -m 79.3GiB",
    "quick 7 --gpu H200 --method engine-formulas",
  ];
  const results = await headroomEach(lines.map((line) => line.split(" ")));
  assertEquals(
    results.filter(({ code }) => code !== 0).map(({ args, err }) =>
      `${args.join(" ")}: ${err}`
    ),
    [],
  );
});

Deno.test("quick on one GPU is answered by the timeline, beside the old formulas", async () => {
  const { out } = await headroom(["quick", "0.35", "--gpu", "A100-80GB"]);
  assertMatch(out, /^Allocated peak +[\d.]+ GiB/m);
  assertMatch(out, /^Second opinion: /m);
});

Deno.test("calculate takes a scenario as the page saves it", async () => {
  const { code, out } = await headroom(["calculate", "--config", "-"], {
    stdin: JSON.stringify({ model: "llama2-7b", train: { micro_batch: 2 } }),
  });
  assertEquals(code, 0);
  assertMatch(out, /\nmeta-llama\/Llama-2-7b-hf /);
});

Deno.test("calculate shows colours where they are wanted", async () => {
  const { out } = await headroom(["calculate", "--preset", "glm-4-9b"], {
    env: { FORCE_COLOR: "1" },
  });
  // deno-lint-ignore no-control-regex
  assertMatch(out, /\x1b\[31m/);
});

/** Command lines that cannot be used, and what is said of them. */
const REFUSED: [args: string[], says: RegExp][] = [
  [["calculate"], /--config is missing/],
  [["calculate", "--config", "a", "--preset", "b"], /are both given/],
  [["calculate", "--config", "nope.json"], /Cannot read nope\.json/],
  [["calculate", "--config", "README.md"], /README\.md must be JSON/],
  [["calculate", "--preset", "nope"], /--preset must be one of llama2-7b/],
  [["calculate", "--preset", "llama2-7b", "--gpu", "nope"], /hardware\.gpu/],
  [["calculate", "--preset", "llama2-7b", "--method", "magic"], /magic/],
  [["quick"], /missing required argument/],
  [["quick", "many"], /SIZE must be .* current value is "many"/],
  [["quick", "0"], /SIZE must be /],
  [["quick", "7", "--gpus", "none"], /gpus must be a number/],
  [["quick", "7", "--engine", "magic"], /magic/],
  [["quick", "7", "--gpu-mem", "big"], /--gpu-mem must be an amount/],
  [["quick", "7", "--zero", "3"], /--zero is DeepSpeed's/],
  [["quick", "7", "--gpu", "T4", "--gpu-mem", "16"], /are both given/],
  [["validate"], /missing required argument/],
  [["validate", "nope.json"], /there is no such file/],
];

Deno.test("calculate, quick and validate refuse what cannot be used, with 2", async () => {
  const results = await headroomEach(REFUSED.map(([args]) => args));
  for (const [at, { code, out, err }] of results.entries()) {
    const [args, says] = REFUSED[at] ?? [];
    assert(says);
    assertEquals([code, out], [2, ""], args?.join(" "));
    assertMatch(err, says);
  }
});

const BAD = {
  model: { num_parameters: "7B", num_layers: 0, hidden_size: 4096 },
  engine: { type: "magic" },
  extra: 1,
};

Deno.test("validate prints every problem at once and ends with 1", async () => {
  const stdin = JSON.stringify(BAD);
  const { code, out, err } = await headroom(["validate", "-"], { stdin });
  assertEquals([code, out], [1, ""]);
  assertMatch(err, /^✗ - has 4 problems$/m);
  for (
    const path of [
      "model.num_layers",
      "model.num_attention_heads",
      "engine.type",
      "extra",
    ]
  ) assert(err.includes(`  - ${path} `), path);
  const json = await headroom(["validate", "-", "--json"], { stdin });
  assertEquals(json.code, 1);
  const found = JSON.parse(json.out);
  assertEquals([found.valid, found.problems.length], [false, 4]);
});

Deno.test("validate finds what does not divide, in the file's words", async () => {
  const config = JSON.parse(
    await Deno.readTextFile(
      new URL("../../configs/my_config.json", import.meta.url),
    ),
  );
  config.parallelism.tensor_parallel_size = 3;
  const { code, err } = await headroom(["validate", "-"], {
    stdin: JSON.stringify(config),
  });
  assertEquals(code, 1);
  assertMatch(err, /parallelism\.tensor_parallel_size must divide/);
});

Deno.test("calculate prints the problems of a configuration as JSON", async () => {
  const { code, out } = await headroom(
    ["calculate", "--config", "-", "--json"],
    { stdin: JSON.stringify(BAD) },
  );
  assertEquals(code, 2);
  assertEquals(JSON.parse(out).error.path, "model.num_layers");
});

Deno.test("presets lists ten, also as JSON", async () => {
  const [text, json] = await headroomEach([["presets"], ["presets", "--json"]]);
  assertEquals(text?.out.trim().split("\n").length, 10);
  assertMatch(text?.out ?? "", /^gpt3-175b +GPT-3 175B/m);
  const [first] = JSON.parse(json?.out ?? "");
  assertEquals(first.config.model.num_parameters, "7B");
});

Deno.test("each of the commands is a task and has help", async () => {
  const names = ["calculate", "quick", "validate", "presets"] as const;
  const results = await headroomEach(names.map((name) => [name, "--help"]));
  for (const [at, name] of names.entries()) {
    assertMatch(tasks.tasks[name].command, new RegExp(`cli\\.ts ${name}$`));
    assertEquals(results[at]?.code, 0);
    assertMatch(results[at]?.out ?? "", new RegExp(`^Usage: .*${name}`));
  }
  assertMatch(tasks.tasks.headroom.command, / cli\.ts$/);
});
