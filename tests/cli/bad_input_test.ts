import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { headroom, headroomEach } from "./headroom.ts";

/** What is added to `estimate --model llama2-7b`, and what has to be said. */
const BAD: [args: string[], parts: string[]][] = [
  [["--seq-len", "0"], ["--seq-len", "at least 1", `"0"`]],
  [["--seq-len", "abc"], ["--seq-len", "must be a number", `"abc"`]],
  [["--seq-len", "1e12"], ["--seq-len", "at most 268435456", `"1e12"`]],
  [["--seq-len", ""], ["--seq-len", "must not be empty"]],
  [["--per-device-batch", "-1"], ["--per-device-batch", "at least 1", `"-1"`]],
  [["--per-device-batch", "1.5"], [
    "--per-device-batch",
    "a whole number",
    `"1.5"`,
  ]],
  [["--grad-accum", "0"], ["--grad-accum", "at least 1", `"0"`]],
  [["--dtype", "fp4"], ["--dtype", "one of fp32, float32", `"fp4"`]],
  [["--zero", "5"], ["--zero", "at most 3", `"5"`]],
  [["--zero", "two"], ["--zero", "must be a number", `"two"`]],
  [["--dp", "0"], ["--dp", "at least 1", `"0"`]],
  [["--dp", "eight"], ["--dp", "must be a number", `"eight"`]],
  [["--tp", "0"], ["--tp", "at least 1", `"0"`]],
  [["--dp", "1", "--tp", "3"], ["--tp", "must divide", "32", "3"]],
  [["--dp", "1", "--pp", "33"], ["--pp", "at most", "32 layers", "33"]],
  [["--gpus", "6", "--tp", "4"], ["--gpus", "multiple of", "4", "6"]],
  [["--optimizer", "adamx"], ["--optimizer", "one of adamw", `"adamx"`]],
  [["--optimizer-bits", "16"], ["--optimizer-bits", "32, 8, 4", `"16"`]],
  [["--lora", "maybe"], ["--lora", "true or false", `"maybe"`]],
  [["--flashattn", "2"], ["--flashattn", "true or false", `"2"`]],
  [["--probe", "maybe"], ["--probe", "true or false", `"maybe"`]],
  [["--lora-rank", "0"], ["--lora-rank", "at least 1", `"0"`]],
  [["--lora", "--lora-target-modules", "x_proj"], [
    "--lora-target-modules",
    "q_proj",
    "x_proj",
  ]],
  [["--lora-params-override", "-5"], [
    "--lora-params-override",
    "at least 1",
    `"-5"`,
  ]],
  [["--gpu", "GTX 9999"], ["--gpu", "in the catalogue", `"GTX 9999"`]],
  [["--gpu-memory", "0"], ["--gpu-memory", "at least 0.1", `"0"`]],
  [["--gpu-memory", "big"], ["--gpu-memory", "a number", `"big"`]],
  [["--task", "eval"], ["--task", "train, serve", `"eval"`]],
  [["--method", "magic"], ["--method", "factors", `"magic"`]],
  [["--vision-hidden", "0"], ["--vision-hidden", "at least 1", `"0"`]],
  [["--vision-image-size", "0"], ["--vision-image-size", "at least 1", "0"]],
  [["--mlp-act-factor", "-1"], ["--mlp-act-factor", "at least 0", `"-1"`]],
  [["--grad-ckpt-reduction", "2"], [
    "--grad-ckpt-reduction",
    "at most 1",
    `"2"`,
  ]],
  [["--fragmentation-gib", "x"], ["--fragmentation-gib", "a number", `"x"`]],
  [["--set", "train.micro_batch=0"], [
    "train.micro_batch",
    "at least 1",
    `"0"`,
  ]],
  [["--set", "nothing"], ["--set", "path=value", `"nothing"`]],
  [["--set", "=1"], ["--set", "path=value", `"=1"`]],
  [["--set", "trian.rank=1"], ["trian", "is not a field"]],
  [["--set", "model.dims.layers=3"], ["--model", "not both"]],
  [["--scenario", "/no/such.json"], ["/no/such.json", "no such file"]],
  [["--scenario", "/"], ["/", "must be a file"]],
  [["--batch", "-"], ["--batch", "takes no other flags"]],
  [["--bogus", "1"], ["--bogus", "unknown option", "--help"]],
  [["stray"], ["--model must be given once", "stray"]],
  [["stray", "more"], ["too many arguments", "stray, more"]],
  [["--seq-len"], ["--seq-len", "argument missing"]],
];

const START = ["estimate", "--model", "llama2-7b"];
const ran = headroomEach(BAD.map(([args]) => [...START, ...args]));

for (const [at, [args, parts]] of BAD.entries()) {
  Deno.test(`estimate refuses ${args.join(" ")}`, async () => {
    const result = (await ran)[at];
    assert(result);
    assertEquals(result.code, 2, result.err);
    assertEquals(result.out, "");
    for (const part of parts) assertStringIncludes(result.err, part);
    assert(!result.err.includes("    at "), result.err);
  });
}

const WRONG_MODELS: [model: string, parts: string[]][] = [
  ["", ["--model", "must not be empty"]],
  ["no/such-model", ["--model", "in the catalogue", "no/such-model"]],
  ["lama-2-7b-hf", ["did you mean", "meta-llama/Llama-2-7b-hf"]],
  ["./none.json", ["--model", "config.json", "./none.json"]],
  ["x.gguf", ["--model", "x.gguf", "there is none at"]],
  ["tests", ["--model", "in the catalogue", "tests"]],
  ["deno.lock", ["--model", "num_hidden_layers"]],
  ["README", ["--model", "README"]],
  ["main.ts", ["--model", "must be a config.json"]],
  ["a\u0001b", ["--model", "control characters"]],
];

Deno.test("estimate refuses each model that it cannot have", async () => {
  const results = await headroomEach(
    WRONG_MODELS.map(([model]) => ["estimate", "--model", model]),
  );
  for (const [at, [model, parts]] of WRONG_MODELS.entries()) {
    const result = results[at];
    assert(result);
    assertEquals([result.code, result.out], [2, ""], model);
    for (const part of parts) assertStringIncludes(result.err, part);
  }
});

Deno.test("estimate asks for a model where there is none", async () => {
  const { code, out, err } = await headroom(["estimate"]);
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, "--model is missing");
});

Deno.test("estimate says every problem, a line each", async () => {
  const { code, err } = await headroom([
    ...START,
    ..."--seq-len 0 --lora-rank 0 --zero 9".split(" "),
  ]);
  assertEquals(code, 2);
  assertEquals(
    err.trim().split("\n").map((line) => line.split(" ")[0]).sort(),
    ["--lora-rank", "--seq-len", "--zero"],
  );
});

Deno.test("estimate --json prints the refusal of a scenario as JSON", async () => {
  const [flag, set] = await headroomEach([
    [...START, "--json", "--seq-len", "0"],
    [...START, "--json", "--set", "trian.rank=1"],
  ]);
  assertEquals([flag?.code, set?.code], [2, 2]);
  const { error } = JSON.parse(flag?.out ?? "");
  assertEquals(error.path, "train.sequence_length");
  assertStringIncludes(error.message, "train.sequence_length must be at least");
  assertStringIncludes(flag?.err ?? "", "--seq-len must be at least 1");
  assertEquals(JSON.parse(set?.out ?? "").error.path, "trian");
});

const WRONG_SCENARIOS: [text: string, parts: string[]][] = [
  ["", ["--scenario", "must be JSON"]],
  ["{", ["--scenario", "must be JSON"]],
  ["[]", ["--scenario", "must be a JSON object"]],
  ["null", ["--scenario", "must be a JSON object"]],
  ["7", ["--scenario", "must be a JSON object"]],
  ["{}", ["--model is missing"]],
  [`{"model": 7}`, ["model", "must be a name", "7"]],
  [`{"model": "gpt2", "x": 1}`, ["x is not a field"]],
  [`{"model": "gpt2", "train": {"micro_batch": "many"}}`, [
    "train.micro_batch",
    "must be a number",
    "many",
  ]],
];

Deno.test("estimate --scenario refuses what is no scenario", async () => {
  const results = await Promise.all(
    WRONG_SCENARIOS.map(([stdin]) =>
      headroom(["estimate", "--scenario", "-"], { stdin })
    ),
  );
  for (const [at, [text, parts]] of WRONG_SCENARIOS.entries()) {
    const result = results[at];
    assert(result);
    assertEquals([result.code, result.out], [2, ""], text);
    for (const part of parts) assertStringIncludes(result.err, part);
  }
});

Deno.test("estimate reads no more than a scenario's worth of a file", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, " ".repeat(9 * 1024 ** 2));
    for (const flag of ["--scenario", "--model"]) {
      const { code, out, err } = await headroom(["estimate", flag, path]);
      assertEquals([code, out], [2, ""]);
      assertStringIncludes(err, `at most ${8 * 1024 ** 2} bytes`);
      assertStringIncludes(err, String(9 * 1024 ** 2));
    }
  } finally {
    await Deno.remove(path);
  }
});
