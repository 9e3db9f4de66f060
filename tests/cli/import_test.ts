import { assert, assertEquals, assertMatch } from "@std/assert";
import { headroom } from "./headroom.ts";

const FOLDER = "tests/truth/configurations";
const QLORA = `${FOLDER}/axolotl_qlora.yml`;

Deno.test("estimate --from prints the verdict first, and last what became of the file", async () => {
  const { code, out, err } = await headroom(["estimate", "--from", QLORA]);
  assertEquals(code, 0, err);
  assertMatch(out, /^Fits on A100-80GB: /);
  assertMatch(out, /\n\nFrom .*axolotl_qlora\.yml \(Axolotl\)\n\nUnderstood\n/);
  assertMatch(out, /\n {2}lora_r = 64 → train\.lora\.rank: 64\n/);
  assertMatch(
    out,
    /\nAssumed\n(?: {2}.*\n)* {2}precision\.autocast: bf16 \(bf16 is auto/,
  );
  assertMatch(out, /\nIgnored\n/);
  assertMatch(out, /\nmeta-llama\/Llama-3\.1-8B \(llama\)/);
});

Deno.test("estimate --from a log prints its figures beside the estimate", async () => {
  const log = `${FOLDER}/vllm_v1.log`;
  const { code, out, err } = await headroom(["estimate", "--from", log]);
  assertEquals(code, 0, err);
  assertMatch(out, /vllm_v1\.log \(vLLM/);
  assertMatch(out, /459,392/);
  const told = await headroom(["estimate", "--from", log, "--json"]);
  const { beside_log } = JSON.parse(told.out);
  assert(
    beside_log.some(({ name, logged }: { name: string; logged: number }) =>
      name === "kv_tokens" && logged === 459_392
    ),
    told.out,
  );
});

Deno.test("estimate --from: later files, flags and --set win", async () => {
  const { code, out, err } = await headroom([
    "estimate",
    "--from",
    `${FOLDER}/training_arguments_bf16.json`,
    "--from",
    `${FOLDER}/deepspeed_auto.json`,
    "--from",
    `${FOLDER}/accelerate_deepspeed.yaml`,
    "--model",
    "gpt2",
    "--per-device-batch",
    "9",
    "--set",
    "train.attention=eager",
    "--gpu",
    "L40S",
    "--json",
  ]);
  assertEquals(code, 0, err);
  const { scenario, configuration } = JSON.parse(out);
  assertEquals(scenario.model, "gpt2");
  assertEquals(scenario.train.micro_batch, 9);
  assertEquals(scenario.train.attention, "eager");
  assertEquals(scenario.train.gradient_accumulation, 2);
  assertEquals(scenario.engine.zero_stage, 3);
  assertEquals(scenario.parallel.gpus, 4);
  assertEquals(scenario.hardware.gpu, "L40S");
  assertEquals(
    configuration.formats.map(({ id }: { id: string }) => id),
    ["training-arguments", "deepspeed", "accelerate"],
  );
  const assumed = configuration.assumed.map(({ path }: { path: string }) =>
    path
  );
  for (const path of ["hardware.gpu", "train.attention"]) {
    assert(!assumed.includes(path), path);
  }
  assert(configuration.understood.length > 10);
  assert(configuration.ignored.length > 5);
  assertEquals(scenario.engine.reduce_bucket_size, 500_000_000);
  assertEquals(configuration.warnings, []);
});

Deno.test("estimate --from - reads the standard input", async () => {
  const { code, out } = await headroom(["estimate", "--from", "-", "--json"], {
    stdin: "model_name_or_path: gpt2\nper_device_train_batch_size: 3",
  });
  assertEquals(code, 0);
  assertEquals(JSON.parse(out).scenario.train.micro_batch, 3);
});

Deno.test("estimate --from refuses by name, with status 2", async () => {
  const refused: [args: string[], stdin: string, reason: RegExp][] = [
    [["--from", "no/such.yaml"], "", /^--from: Cannot read no\/such\.yaml/],
    [
      ["--from", "-"],
      "base_model: gpt2\nlora_r: 0",
      /^--from: lora_r: train\.lora\.rank must be at least 1: current value is 0/,
    ],
    [
      ["--from", "-"],
      "optim: sgd",
      /^--model is missing, and the configuration names none/,
    ],
    [
      ["--from", "-"],
      `base_model: ${"x".repeat(5_000_000)}`,
      /^--from: configuration must have at most 65536 characters/,
    ],
    [["--from", "-", "--from", "-"], "", /^--from - reads the standard input/],
    [
      ["--from", QLORA, "--scenario", "-"],
      "",
      /^--scenario and --from cannot be given together/,
    ],
    [["--from", QLORA, "--batch", "-"], "", /^--batch takes no other flags/],
    [["--from", "-", "--hf-token-stdin"], "", /both read the standard input/],
    [
      ["--model", "gpt2", "--export", "toml"],
      "",
      /^--export must be one of accelerate, .*"toml"/,
    ],
    [
      ["--model", "gpt2", "--task", "serve", "--export", "axolotl"],
      "",
      /^task must be train/,
    ],
  ];
  for (const [args, stdin, reason] of refused) {
    const { code, err } = await headroom(["estimate", ...args], { stdin });
    assertEquals(code, 2, args.join(" "));
    assertMatch(err, reason);
  }
});

Deno.test("estimate --from --json prints a refusal as JSON too", async () => {
  const { code, out } = await headroom(
    ["estimate", "--from", "-", "--json"],
    { stdin: "optim: sgd\nbf16: perhaps" },
  );
  assertEquals(code, 2);
  assertEquals(JSON.parse(out).error.path, "bf16");
});

Deno.test("estimate --export writes what --from reads", async () => {
  const written = await headroom([
    "estimate",
    "--model",
    "llama2-7b",
    "--zero",
    "3",
    "--dp",
    "8",
    "--per-device-batch",
    "2",
    "--export",
    "deepspeed",
  ]);
  assertEquals(written.code, 0, written.err);
  assertMatch(written.err, /model \("llama2-7b"\) has no place in it/);
  const read = await headroom(
    ["estimate", "--from", "-", "--model", "llama2-7b", "--json"],
    { stdin: written.out },
  );
  assertEquals(read.code, 0, read.err);
  const { scenario } = JSON.parse(read.out);
  assertEquals(scenario.parallel.gpus, 8);
  assertEquals(scenario.train.micro_batch, 2);
  assertEquals(scenario.engine.zero_stage, 3);
});

Deno.test("estimate --from asks for what a script's caller sets, and takes it by --given", async () => {
  const file = `${FOLDER}/command_deepspeed_module.sh`;
  const asked = await headroom(["estimate", "--from", file]);
  assertEquals(asked.code, 2);
  assertMatch(asked.err, /--num-gpus is \$NGPU.*\(--given NGPU=…\)/);
  const told = await headroom(["estimate", "--from", file, "--json"]);
  assertEquals(told.code, 2);
  assertEquals(JSON.parse(told.out).missing[0].name, "NGPU");
  const { code, out, err } = await headroom([
    "estimate",
    "--from",
    file,
    "--given",
    "NGPU=4",
    "--json",
  ]);
  assertEquals(code, 0, err);
  assertEquals(JSON.parse(out).scenario.parallel.gpus, 4);
});

Deno.test("estimate --from a sharded file without a number of GPUs answers for 2, 4 and 8", async () => {
  const file = `${FOLDER}/deepspeed_auto.json`;
  const given = ["estimate", "--from", file, "--model", "gpt2"];
  const { code, out, err } = await headroom(given);
  assertEquals(code, 0, err);
  assertMatch(err, /give parallel\.gpus/);
  assertEquals(out.match(/^ +\d+ GPUs .* fits A100-80GB$/gm)?.length, 3);
  const told = JSON.parse((await headroom([...given, "--json"])).out);
  assertEquals(told.answers.map(({ gpus }: { gpus: number }) => gpus), [
    2,
    4,
    8,
  ]);
  const flag = await headroom([...given, "--gpus", "2", "--json"]);
  assertEquals(JSON.parse(flag.out).scenario.parallel.gpus, 2);
});
