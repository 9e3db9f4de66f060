import { assert, assertEquals, assertMatch } from "@std/assert";
import { estimate } from "../../lib/mod.ts";
import { headroom } from "./headroom.ts";

const SCENARIOS = [
  { model: "gpt2" },
  { model: "gpt2", train: { micro_batch: 2 }, hardware: { gpu: "RTX 4090" } },
] as const;
const LINES = SCENARIOS.map((each) => `${JSON.stringify(each)}\n`).join("");

/** The scenarios as files of a folder that is gone afterwards. */
async function withFiles(
  run: (paths: string[], folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = SCENARIOS.map((_, at) => `${folder}/run${at + 1}.json`);
    for (const [at, path] of paths.entries()) {
      await Deno.writeTextFile(path, JSON.stringify(SCENARIOS[at]));
    }
    await run(paths, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("compare sets files side by side, named by them", async () => {
  await withFiles(async (paths) => {
    const { code, out, err } = await headroom(["compare", ...paths]);
    assertEquals([code, err], [0, ""]);
    assertMatch(out, /^Settings that differ +A run1 +B run2\n/);
    assertMatch(out, /^Micro batch \(train\.micro_batch\) +1 +2$/m);
    assertMatch(out, /^GPU \(hardware\.gpu\) +A100-80GB +RTX 4090$/m);
    assertMatch(
      out,
      /^Peak per GPU +[\d.]+ GiB +[\d.]+ GiB \(\+[\d.]+ GiB\)$/m,
    );
    assertMatch(out, /^Method +timeline +timeline$/m);
  });
});

Deno.test("compare reads a scenario a line, takes names, and prints JSON", async () => {
  const named = await headroom(
    ["compare", "-", "--name", "one", "--name", "two"],
    { stdin: `${LINES}\n` },
  );
  assertEquals([named.code, named.err], [0, ""]);
  assertMatch(named.out, /A one +B two/);
  const { code, out } = await headroom(["compare", "-", "--json"], {
    stdin: LINES,
  });
  assertEquals(code, 0);
  assertEquals(
    JSON.parse(out),
    JSON.parse(JSON.stringify({
      estimates: SCENARIOS.map((each) => estimate(each)),
      differences: [
        { path: "train.micro_batch", values: [1, 2] },
        { path: "hardware.gpu", values: ["A100-80GB", "RTX 4090"] },
      ],
    })),
  );
});

const REFUSED: [name: string, args: string[], stdin: string, said: RegExp][] = [
  ["no scenario", ["-"], "\n", /at least one scenario/],
  ["five of them", ["-"], `{"model":"gpt2"}\n`.repeat(5), /at most 4.*is 5/],
  ["what is no JSON", ["-"], `${LINES}{`, /line 3 must be a scenario in JSON/],
  [
    "a mistake",
    ["-"],
    `{"model":"gpt2","train":{"micro_batch":0}}`,
    /line 1: train\.micro_batch must be at least 1: current value is 0/,
  ],
  ["a file that is not there", ["/nowhere.json"], "", /nowhere\.json.*no such/],
  ["the input twice", ["-", "-"], LINES, /once only/],
  [
    "more names than scenarios",
    ["-", "--name", "a", "--name", "b", "--name", "c"],
    LINES,
    /at most once a scenario, 2 times: current value is 3/,
  ],
];

for (const [name, args, stdin, said] of REFUSED) {
  Deno.test(`compare refuses ${name}`, async () => {
    const { code, out, err } = await headroom(["compare", ...args], { stdin });
    assertEquals([code, out], [2, ""]);
    assertMatch(err, said);
  });
}

Deno.test("estimate --max-batch and --max-sequence answer in words and in JSON", async () => {
  const args = ["estimate", "--model", "gpt2", "--gpu", "RTX 4090"];
  const text = await headroom([...args, "--max-batch", "--max-sequence"]);
  assertEquals([text.code, text.err], [0, ""]);
  assertMatch(text.out, /^Largest micro batch: \d+$/m);
  assertMatch(text.out, /^Largest sequence length: [\d,]+ tokens$/m);
  assertMatch(text.out, /Tried: \d+ values/);
  const json = await headroom([...args, "--max-batch", "--json"]);
  const { largest } = JSON.parse(json.out);
  assertEquals(largest.length, 1);
  assertEquals(largest[0].field, "train.micro_batch");
  assert(largest[0].device_peak_bytes <= largest[0].usable_bytes);
});

Deno.test("estimate --largest finds the largest of any whole number, and the fewest GPUs", async () => {
  const args = [
    ...["estimate", "--model", "llama2-7b", "--lora", "--gpu", "L40S"],
    ...["--largest", "train.lora.rank", "--largest", "parallel.gpus"],
  ];
  const text = await headroom(args);
  assertEquals([text.code, text.err], [0, ""]);
  assertMatch(text.out, /^Highest LoRA rank: [\d,]+$/m);
  assertMatch(text.out, /^Fewest GPUs: \d+ GPUs?$/m);
  const { out } = await headroom([...args, "--json"]);
  assertEquals(
    JSON.parse(out).largest.map(({ field }: { field: string }) => field),
    ["train.lora.rank", "parallel.gpus"],
  );
  const refused = await headroom([...args, "--largest", "train.method"]);
  assertEquals(refused.code, 2);
  assertMatch(refused.err, /must be a whole number .*train\.method/);
});

Deno.test("estimate --traffic shows what each GPU sends, and how long that takes", async () => {
  const args = [
    "estimate",
    ...["--model", "llama2-7b", "--dp", "16", "--set", "engine.name=ddp"],
  ];
  const text = await headroom([...args, "--traffic", "--network-gbs", "50"]);
  assertEquals([text.code, text.err], [0, ""]);
  assertMatch(
    text.out,
    /Data parallel: gradients +226 × all-reduce of 16 +23\.53 GiB/,
  );
  assertMatch(text.out, /^At least 63\.2 ms a step: between nodes 63\.2 ms$/m);
  const json = await headroom([...args, "--traffic", "--json"]);
  assertEquals(
    JSON.parse(json.out).traffic.sent_bytes,
    2 * 2 * 6_738_415_616 * 15 / 16,
  );
  const alone = await headroom(["estimate", "--model", "gpt2", "--traffic"]);
  assertMatch(alone.out, /One GPU has nobody to send to/);
});

const WRONG: [args: string[], said: RegExp][] = [
  [["--node-gbs", "450"], /--node-gbs needs --traffic/],
  [["--traffic", "--node-gbs", "x"], /--node-gbs must be a number.*"x"/],
  [["--traffic", "--network-gbs", "0"], /--network-gbs must be.*"0"/],
  [["--traffic", "--network-gbs", " "], /--network-gbs must not be empty/],
];

for (const [args, said] of WRONG) {
  Deno.test(`estimate refuses ${args.join(" ")}`, async () => {
    const { code, out, err } = await headroom([
      "estimate",
      "--model",
      "gpt2",
      ...args,
    ]);
    assertEquals([code, out], [2, ""]);
    assertMatch(err, said);
  });
}

Deno.test("estimate --batch takes none of them", async () => {
  const { code, err } = await headroom(
    ["estimate", "--batch", "-", "--max-batch"],
    { stdin: LINES },
  );
  assertEquals(code, 2);
  assertMatch(err, /--batch takes no other flags/);
});

Deno.test("compare takes names of models and links, with flags for all of them", async () => {
  const link =
    "https://example.org/?model=gpt2&train.micro_batch=8&hardware.gpu=RTX+4090";
  const { code, out, err } = await headroom([
    ...["compare", "distilgpt2", link, "--seq-len", "512", "--json"],
  ]);
  assertEquals([code, err], [0, ""]);
  const { estimates } = JSON.parse(out);
  assertEquals(
    estimates.map(({ scenario: { model, train, hardware } }: {
      // deno-lint-ignore no-explicit-any
      scenario: any;
    }) => [model, train.micro_batch, train.sequence_length, hardware.gpu]),
    [["distilgpt2", 1, 512, "A100-80GB"], ["gpt2", 8, 512, "RTX 4090"]],
  );
  const both = await headroom([
    "compare",
    "/compare?s1=model=gpt2&n1=small&s2=model=distilgpt2",
  ]);
  assertMatch(both.out, /A small +B distilgpt2/);
  const none = await headroom(["compare", "https://example.org/", "gpt2"]);
  assertEquals(none.code, 2);
  assertMatch(none.err, /A link must be one of a scenario/);
});
