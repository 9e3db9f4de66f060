import { assert, assertEquals, assertMatch } from "@std/assert";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { startFakeHub } from "../hub/fake_hub.ts";
import { headersOf } from "../lib/headers.ts";
import { headroomEach } from "./headroom.ts";
import type { Ran } from "./headroom.ts";

/**
 * Every command line of the document of gpu_memory_calculator.py, from its first
 * argument on, with the total that its formulas give in GiB.
 *
 * `python gpu_memory_calculator.py` is replaced by `breakdown`. Its lines of pip
 * and conda install Python packages, and `huggingface-cli login` keeps a token:
 * there is nothing to install here, and HF_TOKEN gives the token.
 */
const BREAKDOWNS: [where: string, args: string, total: string][] = [
  [
    "quick start",
    "--model microsoft/phi-2 --mode training",
    "23.78",
  ],
  [
    "quick start, custom settings",
    "--model microsoft/phi-2 --mode training --precision bf16 " +
    "--optimizer adamw --batch-size 4 --gradient-checkpointing",
    "24.37",
  ],
  ["basic usage", "--model microsoft/phi-2 --mode training", "23.78"],
  ["legacy short name", "--model llama3-8b --mode training", "77.87"],
  [
    "AdamW, BF16: the document prints 32.24",
    "--model microsoft/phi-2 --mode training --precision bf16 " +
    "--optimizer adamw --batch-size 4 --seq-length 2048",
    "32.24",
  ],
  [
    "gradient checkpointing",
    "--model microsoft/phi-2 --mode training --precision bf16 " +
    "--optimizer adamw --batch-size 4 --gradient-checkpointing",
    "24.37",
  ],
  [
    "SGD with momentum",
    "--model microsoft/phi-2 --mode training --optimizer sgd-momentum " +
    "--precision bf16",
    "18.60",
  ],
  [
    "inference with KV cache",
    "--model microsoft/phi-2 --mode inference --precision bf16 " +
    "--batch-size 1 --seq-length 2048",
    "6.34",
  ],
  [
    "inference without KV cache",
    "--model microsoft/phi-2 --mode inference --precision bf16 --no-kv-cache",
    "5.71",
  ],
  ["Phi-2", "--model microsoft/phi-2 --mode inference", "6.34"],
  [
    "Mistral",
    "--model mistralai/Mistral-7B-v0.1 --mode training",
    "122.45",
  ],
  ["Llama", "--model meta-llama/Meta-Llama-3-8B --mode training", "77.87"],
  [
    "full model, the line before",
    "--model microsoft/phi-2 --mode training",
    "23.78",
  ],
];

/** The total by the document's own formulas, worked out here once more. */
function totalOf(args: string): string {
  const words = args.split(" ");
  const after = (flag: string, usual: string) =>
    words.includes(flag) ? words[words.indexOf(flag) + 1] ?? usual : usual;
  const model = resolveModel(after("--model", ""));
  assert(model.ok);
  const { parameters, architecture: a } = model.value;
  const tokens = Number(after("--batch-size", "1")) *
    Number(after("--seq-length", String(a.max_position_embeddings)));
  const training = after("--mode", "training") === "training";
  const multiplier = after("--optimizer", "adamw") === "adamw" ? 2 : 1;
  const kept = words.includes("--gradient-checkpointing") ? 0.3 : 1;
  const activations = tokens * a.layers *
    (5 * a.hidden_size + a.intermediate_size);
  const elements = a.vocab_size * a.hidden_size + tokens * a.hidden_size +
    (training
      ? parameters * (2 + multiplier) + activations * kept
      : parameters + 0.1 * activations +
        (words.includes("--no-kv-cache")
          ? 0
          : 2 * tokens * a.layers * a.hidden_size));
  return (2 * elements / 1024 ** 3).toFixed(2);
}

const ran = headroomEach(
  BREAKDOWNS.flatMap(([, args]) => [
    ["breakdown", ...args.split(" ")],
    ["estimate", ...args.split(" "), "--method", "multipliers"],
  ]),
);

for (const [at, [where, args, total]] of BREAKDOWNS.entries()) {
  Deno.test(`breakdown runs ${where}: ${total}`, async () => {
    assertEquals(total, totalOf(args));
    const { code, out, err } = found((await ran)[2 * at]);
    assertEquals(code, 0, err);
    assertEquals(out.match(/^Total +(\d+\.\d\d)$/m)?.[1], total);
    assertEquals(out.match(/^Estimated GPUs needed/gm)?.length, 3);
  });

  Deno.test(`estimate takes the same flags: ${where}`, async () => {
    const { code, out, err } = found((await ran)[2 * at + 1]);
    assertEquals(code, 0, err);
    assertMatch(out, /^Peak per GPU /m);
    assertMatch(out, /GPUs needed by its rule/);
  });
}

Deno.test("breakdown prints the document's example, to the printed digits", async () => {
  const { out } = found((await ran)[2 * 4]);
  const value = (name: string) =>
    out.match(new RegExp(`^${name}:? +([\\d.,]+)`, "m"))?.[1];
  for (
    const [name, printed] of [
      ["Parameters", "2,779,683,840"],
      ["Hidden size", "2560"],
      ["Layers", "32"],
      ["Attention heads", "32"],
      ["Vocab size", "51200"],
      ["Intermediate size", "10240"],
      ["Max sequence length", "2048"],
      ["Batch size", "4"],
      ["Gradient accumulation steps", "1"],
      ["Sequence length", "2048"],
      ["weights", "5.18"],
      ["gradients", "5.18"],
      ["optimizer states", "10.36"],
      ["activations", "11.25"],
      ["embeddings", "0.24"],
      ["input data", "0.04"],
      ["Total", "32.24"],
      ["Estimated GPUs needed \\(A100 80GB\\)", "0.4"],
      ["Estimated GPUs needed \\(H100 80GB\\)", "0.4"],
      ["Estimated GPUs needed \\(A100 40GB\\)", "0.8"],
    ] as const
  ) {
    assertEquals(value(name), printed, name);
  }
  assertMatch(out, /^Mode: TRAINING\nPrecision: BF16$/m);
  assertMatch(out, /^Optimizer: ADAMW\nGradient checkpointing: off$/m);
});

Deno.test("breakdown --load-full-model counts from the checkpoint's headers", async () => {
  const model = resolveModel("microsoft/phi-2");
  assert(model.ok);
  await using hub = startFakeHub({
    "microsoft/phi-2": {
      config: model.value.config,
      files: {
        "model.safetensors": Object.fromEntries(
          headersOf(model.value.tensors).map(({ name, dtype, shape }) => [
            name,
            { dtype, shape: [...shape] },
          ]),
        ),
      },
    },
  });
  const args = "--model microsoft/phi-2 --mode training --load-full-model";
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-net=127.0.0.1",
      "--allow-env=INIT_CWD,NO_COLOR,FORCE_COLOR,HF_ENDPOINT",
      "cli.ts",
      "breakdown",
      ...args.split(" "),
    ],
    cwd: new URL("../../", import.meta.url),
    env: { HF_ENDPOINT: hub.endpoint, NO_COLOR: "1", INIT_CWD: "" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assertMatch(text, /^Total +23\.78$/m);
  assert(hub.asked.some((each) => each.includes("model.safetensors")));
});

/** The optimizers that the document lists. */
const OPTIMIZERS = [
  "sgd",
  "sgd-momentum",
  "nesterov",
  "adagrad",
  "rmsprop",
  "adam",
  "adamw",
  "adafactor",
  "lamb",
  "lion",
  "nadam",
  "amsgrad",
  "sparse-adam",
  "shampoo",
  "adabelief",
];
/** The short names that it lists, and what they stand for. */
const SHORT_NAMES = {
  "llama3-8b": "meta-llama/Meta-Llama-3-8B",
  "llama3-70b": "meta-llama/Meta-Llama-3-70B",
  "llama2-7b": "meta-llama/Llama-2-7b-hf",
  "llama2-13b": "meta-llama/Llama-2-13b-hf",
};

Deno.test("breakdown takes every optimizer, precision and short name of the document", async () => {
  const lines = [
    ...OPTIMIZERS.map((name) => ["--optimizer", name]),
    ...["fp32", "fp16", "bf16", "int8", "int4"].map((
      type,
    ) => ["--precision", type]),
    ...Object.keys(SHORT_NAMES).map((name) => ["--model", name]),
    ["--gradient-accumulation-steps", "8"],
    ["--load-full-model", "false"],
  ].map((args) => ["breakdown", ...args]);
  const results = await headroomEach(lines);
  assertEquals(
    results.filter(({ code }) => code !== 0).map((
      { args, err },
    ) => [args, err]),
    [],
  );
  for (const [name, id] of Object.entries(SHORT_NAMES)) {
    const result = results.find(({ args }) => args.at(-1) === name);
    assertMatch(result?.out ?? "", new RegExp(`breakdown: ${id}$`, "m"));
  }
});

Deno.test("breakdown refuses what it cannot use, by the flag", async () => {
  const [mode, precision, optimizer, batch] = await headroomEach([
    ["breakdown", "--mode", "eval"],
    ["breakdown", "--precision", "fp8"],
    ["breakdown", "--optimizer", "muon"],
    ["breakdown", "--mode", "inference", "--batch-size", "0"],
  ]);
  assertEquals(
    [mode, precision, optimizer, batch].map((each) => each?.code),
    [2, 2, 2, 2],
  );
  assertMatch(mode?.err ?? "", /--mode must be one of training, inference/);
  assertMatch(
    precision?.err ?? "",
    /--precision must be one of fp32, fp16, bf16, int8, int4: current value is "fp8"/,
  );
  assertMatch(optimizer?.err ?? "", /muon is none of the fifteen/);
  assertMatch(batch?.err ?? "", /--batch-size must be at least 1/);
});

function found(result: Ran | undefined): Ran {
  assert(result);
  return result;
}
