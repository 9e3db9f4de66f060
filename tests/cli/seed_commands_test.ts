import { assert, assertEquals, assertMatch } from "@std/assert";
import { FLAGS } from "../../lib/mod.ts";
import { headroom, headroomEach } from "./headroom.ts";
import type { Ran } from "./headroom.ts";

/**
 * Every example command line of the two calculators' documents, from its first
 * argument on, with the peak that their formulas, the factors method, give. MODEL_NAME, a
 * placeholder there, is a model here.
 */
const EXAMPLES: [where: string, args: string, peak: string][] = [
  [
    "python -m estimate_memory_budget, quick start",
    "--model meta-llama/Llama-2-7b-hf --dtype bf16 --seq-len 4096 " +
    "--per-device-batch 2 --grad-accum 128 --zero 2 --dp 8 " +
    "--flashattn true --grad-checkpoint true",
    "63.45 GiB",
  ],
  [
    "python cli.py, quick start",
    "--model meta-llama/Llama-2-7b-hf --dtype bf16 --seq-len 4096",
    "118.05 GiB",
  ],
  [
    "python cli.py, example 1",
    "--model meta-llama/Llama-2-7b-hf --dtype bf16 --seq-len 4096 " +
    "--per-device-batch 2 --grad-accum 128 --zero 2 --dp 8 " +
    "--flashattn true --grad-checkpoint true",
    "63.45 GiB",
  ],
  [
    "python cli.py, example 2",
    "--model mistralai/Mistral-7B-v0.1 --dtype bf16 --qlora true " +
    "--lora-rank 8 --seq-len 4096 --per-device-batch 1 --grad-accum 64 " +
    "--zero 3 --dp 4 --tp 2 --flashattn true --grad-checkpoint true",
    "16.87 GiB",
  ],
  [
    "python cli.py, example 3",
    "--model meta-llama/Llama-2-70b-hf --dtype bf16 --lora true " +
    "--lora-rank 64 --seq-len 4096 --per-device-batch 1 --grad-accum 512 " +
    "--zero 3 --dp 32 --tp 4 --flashattn true --grad-checkpoint true",
    "18.95 GiB",
  ],
  [
    "python cli.py, example 4",
    "--model meta-llama/Llama-2-7b-hf --dtype bf16 --seq-len 4096 " +
    "--per-device-batch 2 --flashattn true --grad-checkpoint true " +
    "--probe true --warmup-steps 3 --probe-steps 6",
    "116.36 GiB",
  ],
  [
    "python -m llm_memory_estimator, basic usage",
    "--model llama2-7b --dtype bf16 --seq-len 4096 --per-device-batch 2 " +
    "--grad-accum 128 --dp 8 --zero 2 --flashattn true --grad-checkpoint true",
    "63.45 GiB",
  ],
];

const ran = headroomEach(
  EXAMPLES.map(([, args]) => [
    "estimate",
    ...args.split(" "),
    "--method",
    "factors",
  ]),
);

for (const [at, [where, args, wanted]] of EXAMPLES.entries()) {
  Deno.test(`estimate runs ${where}: ${wanted}`, async () => {
    const result = (await ran)[at];
    assert(result);
    const { code, out, err } = result;
    // A probe has no GPU here, and may run nothing; the estimate stands.
    assertEquals(code, args.includes("--probe true") ? 1 : 0, err);
    const peak = out.match(/^Peak per GPU +(\d+\.\d\d GiB)$/m)?.[1];
    assertEquals(peak, wanted);
  });
}

Deno.test("estimate says why a probe could not be run, and nothing else", async () => {
  for (const [at, [, args]] of EXAMPLES.entries()) {
    const err = (await ran)[at]?.err ?? "";
    if (args.includes("--probe true")) {
      assertMatch(err, /^--probe: .* this is the estimate alone\n$/);
    } else assertEquals(err, "");
  }
});

Deno.test("estimate --help runs, as python -m llm_memory_estimator --help", async () => {
  const { code, out } = await headroom(["estimate", "--help"]);
  assertEquals(code, 0);
  assertMatch(out, /^Usage: /);
});

/** Every flag that the two documents name, with a value as they give it. */
const VALUES: [flag: string, value: string][] = [
  ["--model", "meta-llama/Llama-2-7b-hf"],
  ["--dtype", "bf16"],
  ["--dtype", "fp16"],
  ["--seq-len", "4096"],
  ["--per-device-batch", "2"],
  ["--grad-accum", "128"],
  ["--dp", "8"],
  ["--tp", "2"],
  ["--zero", "2"],
  ["--optimizer", "adamw"],
  ["--lora-rank", "8"],
  ["--lora-alpha", "32"],
  ["--lora-target-modules", "q_proj k_proj v_proj o_proj"],
  ["--lora-target-modules", "q_proj,v_proj"],
  ["--lora-params-override", "39976960"],
  ["--vision-hidden", "1024"],
  ["--vision-layers", "24"],
  ["--vision-image-size", "448"],
  ["--vision-patch", "14"],
  ["--cuda-libs-gib", "2.5"],
  ["--misc-overhead-gib", "3.0"],
  ["--fragmentation-gib", "5.0"],
  ["--deepspeed-overhead-gib", "1.5"],
  ["--attn-act-factor-no-fa", "4.0"],
  ["--attn-act-factor-fa", "0.8"],
  ["--mlp-act-factor", "6.0"],
  ["--logits-factor", "1.0"],
  ["--grad-ckpt-reduction", "0.35"],
  ["--warmup-steps", "3"],
  ["--probe-steps", "6"],
];

/** Those that are true or false. */
const SWITCHES = [
  "--lora",
  "--qlora",
  "--flashattn",
  "--grad-checkpoint",
  "--liger",
  "--fused-loss",
  "--probe",
];

/** Data types that the documents give bytes for. */
const DTYPES = [
  "fp32",
  "float32",
  "bf16",
  "bfloat16",
  "fp16",
  "float16",
  "fp8",
  "int8",
  "int4",
  "nf4",
];

const MODEL = ["estimate", "--model", "llama2-7b"];

/** No GPU to probe is said by 1. */
function statusOf(args: readonly string[]): number {
  const at = args.indexOf("--probe");
  return at >= 0 && args[at + 1] !== "false" ? 1 : 0;
}

async function assertAllRun(lines: string[][]): Promise<Ran[]> {
  const results = await headroomEach(lines);
  const refused = results.filter(({ args, code }) => code !== statusOf(args))
    .map(({ args, err }) => `${args.join(" ")}: ${err}`);
  assertEquals(refused, []);
  for (const { out } of results) assertMatch(out, /^Peak per GPU/m);
  return results;
}

Deno.test("estimate takes each flag of the documents on its own", async () => {
  await assertAllRun(
    VALUES.map(([flag, value]) => [...MODEL, flag, ...value.split(" ")]),
  );
});

Deno.test("estimate takes each flag of the documents as --flag=value", async () => {
  const args = VALUES.filter(([, value]) => !value.includes(" "))
    .map(([flag, value]) => `${flag}=${value}`);
  await assertAllRun([[...MODEL, ...args]]);
});

Deno.test("estimate takes true-or-false flags with a value and bare", async () => {
  const [, off, bare, ...each] = await assertAllRun([
    [...MODEL, ...SWITCHES.flatMap((flag) => [flag, "true"])],
    [...MODEL, ...SWITCHES.flatMap((flag) => [flag, "false"])],
    [...MODEL, ...SWITCHES],
    ...SWITCHES.map((flag) => [...MODEL, flag, "True"]),
  ]);
  const [on] = await headroomEach([[
    ...MODEL,
    ...SWITCHES.flatMap((flag) => [flag, "True"]),
  ]]);
  assertEquals(bare?.out, on?.out);
  assert(off?.out !== on?.out);
  assertEquals(each.length, SWITCHES.length);
});

Deno.test("estimate takes each data type of the documents", async () => {
  const results = await assertAllRun(
    DTYPES.map((dtype) => [
      ...MODEL,
      "--dtype",
      dtype,
      "--method",
      "factors",
    ]),
  );
  const weights = results.map(({ out }) =>
    Number(out.match(/^weights +([\d.]+) GiB/m)?.[1])
  );
  const bytes = [4, 4, 2, 2, 2, 2, 1, 1, 0.5, 0.56];
  for (const [at, each] of bytes.entries()) {
    const gib = each * 6_738_415_616 / 1024 ** 3;
    assertEquals(weights[at]?.toFixed(2), gib.toFixed(2), DTYPES[at]);
  }
});

Deno.test("estimate takes each ZeRO stage of the documents", async () => {
  await assertAllRun(
    ["0", "1", "2", "3"].map((stage) => [
      ...MODEL,
      "--dp",
      "8",
      "--zero",
      stage,
    ]),
  );
});

Deno.test("estimate counts replicas where no GPUs are given", async () => {
  const lines = ["--tp 2", "--pp 2", "--tp 2 --pp 2", "--dp 3 --tp 2"];
  const [tp, pp, both, three] = await assertAllRun(
    lines.map((line) => [...MODEL, ...line.split(" ")]),
  );
  assertMatch(tp?.out ?? "", /^2 GPUs: dp 1 × tp 2 × pp 1/m);
  assertMatch(pp?.out ?? "", /^2 GPUs: dp 1 × tp 1 × pp 2/m);
  assertMatch(both?.out ?? "", /^4 GPUs: dp 1 × tp 2 × pp 2/m);
  assertMatch(three?.out ?? "", /^6 GPUs: dp 3 × tp 2 × pp 1/m);
});

Deno.test("FLAGS has every flag of the documents but those of the probe", () => {
  const known = FLAGS.map(({ name }) => name);
  const named = [...VALUES.map(([flag]) => flag), ...SWITCHES];
  assertEquals(
    named.filter((flag) => !known.includes(flag)),
    ["--warmup-steps", "--probe-steps", "--probe"],
  );
});
