import { join } from "node:path";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { estimate, formatBytes } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { headroom, headroomEach } from "./headroom.ts";

const ESCAPE = "\x1b[";

const SCENARIO: ScenarioInput = {
  model: "llama2-7b",
  train: { micro_batch: 2, sequence_length: 4096, checkpointing: "full" },
  parallel: { gpus: 8 },
  engine: { name: "deepspeed", zero_stage: 2 },
};

const CONFIG = {
  model_type: "llama",
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 128,
  vocab_size: 1000,
};

/** As it stands after a way through JSON. */
function viaJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

async function withFolder(
  files: Record<string, string>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.writeTextFile(path, text);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("estimate --json prints the library's estimate", async () => {
  const { code, out, err } = await headroom([
    ..."estimate --json --model llama2-7b --per-device-batch 2".split(" "),
    ..."--seq-len 4096 --grad-checkpoint --dp 8 --zero 2".split(" "),
  ]);
  assertEquals([code, err], [0, ""]);
  assertEquals(JSON.parse(out), viaJson(estimate(SCENARIO)));
  assert(out.endsWith("}\n"));
});

Deno.test("estimate prints plain text into a pipe, colours when forced", async () => {
  const args = ["estimate", "--model", "llama2-7b"];
  const [plain, forced, none] = await Promise.all([
    headroom(args),
    headroom(args, { env: { FORCE_COLOR: "1" } }),
    headroom(args, { env: { FORCE_COLOR: "1", NO_COLOR: "1" } }),
  ]);
  assert(!plain.out.includes("\x1b"));
  assert(forced.out.includes(ESCAPE));
  assertEquals(none.out, plain.out);
  // deno-lint-ignore no-control-regex -- an escape begins a colour
  assertEquals(forced.out.replaceAll(/\x1b\[\d*m/g, ""), plain.out);
});

Deno.test("estimate --opinions shows what the other methods say", async () => {
  const args = ["estimate", "--model", "llama2-7b", "--opinions"];
  const { code, out } = await headroom(args);
  assertEquals(code, 0);
  assertMatch(out, /^Second opinions, beside timeline$/m);
  assertMatch(out, /^ {2}- factors: \d+\.\d\d GiB, \d+\.\d % (more|less)$/m);
  const { opinions } = JSON.parse((await headroom([...args, "--json"])).out);
  assertEquals(opinions[0].method, "factors");
});

Deno.test("estimate prints parts, peak, verdict and assumptions", async () => {
  const { out } = await headroom(["estimate", "--model", "llama2-7b"]);
  const { memory } = estimate({ model: "llama2-7b" });
  for (const { name, formula, basis } of memory.parts) {
    const line = out.split("\n").find((each) => each.startsWith(`${name}  `));
    assert(line?.includes(formula), name);
    assert(line?.includes(basis), name);
  }
  const line = (name: string) =>
    out.split("\n").find((each) => each.startsWith(name)) ?? "";
  assert(memory.allocated_peak_bytes !== null);
  const [allocated, device] = [
    memory.allocated_peak_bytes,
    memory.device_peak_bytes,
  ].map(formatBytes);
  assertStringIncludes(line("Allocated peak"), `${allocated}`);
  assertStringIncludes(line("Allocated peak"), memory.binding);
  assertStringIncludes(line("Peak per GPU"), `${device}`);
  assertMatch(out, /^cached by the allocator {2,}\d/m);
  assertMatch(out, /^CUDA context and libraries {2,}\d/m);
  assertStringIncludes(out, `on A100-80GB: ${device} of 79.`);
  assertStringIncludes(out, `What binds: ${memory.binding}\n  - `);
  assertMatch(out, /^Assumptions\n {2}- /m);
  assert(!/ +$/m.test(out), "a line ends with spaces");
});

Deno.test("estimate --scenario reads a file or the standard input", async () => {
  const text = JSON.stringify(SCENARIO);
  await withFolder({ "scenario.json": text }, async (folder) => {
    const file = join(folder, "scenario.json");
    const args = ["estimate", "--json", "--scenario"];
    const results = await Promise.all([
      headroom([...args, file]),
      headroom([...args, "-"], { stdin: text }),
      headroom([...args, "scenario.json"], { env: { INIT_CWD: folder } }),
    ]);
    for (const { code, out, err } of results) {
      assertEquals([code, err], [0, ""]);
      assertEquals(JSON.parse(out), viaJson(estimate(SCENARIO)));
    }
  });
});

Deno.test("estimate's flags win over --scenario, --set over both", async () => {
  const { code, out, err } = await headroom([
    ..."estimate --json --scenario - --seq-len 1024 --zero 3".split(" "),
    ..."--set train.micro_batch=5 --set engine.zero_stage=1".split(" "),
  ], { stdin: JSON.stringify(SCENARIO) });
  assertEquals([code, err], [0, ""]);
  assertEquals(
    JSON.parse(out),
    viaJson(estimate({
      ...SCENARIO,
      train: { ...SCENARIO.train, sequence_length: 1024, micro_batch: 5 },
      engine: { name: "deepspeed", zero_stage: 1 },
    })),
  );
});

const SETS: [words: string[], input: ScenarioInput][] = [
  [["task=serve", "serve.batch=16"], {
    model: "llama2-7b",
    task: "serve",
    serve: { batch: 16 },
  }],
  [["train.method=lora", "train.lora.targets=q_proj,v_proj"], {
    model: "llama2-7b",
    train: { method: "lora", lora: { targets: ["q_proj", "v_proj"] } },
  }],
  [["hardware.gpu.memory_gib=24", "train.padding_mask=on"], {
    model: "llama2-7b",
    train: { padding_mask: true },
    hardware: { gpu: { memory_gib: 24 } },
  }],
  [["model=gpt2"], { model: "gpt2" }],
];

Deno.test("estimate --set sets any field", async () => {
  const results = await headroomEach(SETS.map(([words]) => [
    ..."estimate --json --model llama2-7b".split(" "),
    ...words.flatMap((word) => ["--set", word]),
  ]));
  for (const [at, [, input]] of SETS.entries()) {
    assertEquals(results[at]?.err, "");
    assertEquals(JSON.parse(results[at]?.out ?? ""), viaJson(estimate(input)));
  }
});

Deno.test("estimate --set describes a model field by field", async () => {
  const { code, out } = await headroom([
    ..."estimate --json --set model.dims.layers=2".split(" "),
    ..."--set model.dims.hidden_size=64 --set model.dims.vocab_size=10"
      .split(" "),
    ..."--set model.dims.attention_heads=4".split(" "),
  ]);
  assertEquals(code, 0);
  const dims = {
    layers: 2,
    hidden_size: 64,
    attention_heads: 4,
    vocab_size: 10,
  };
  const whole = { ...dims, tie_embeddings: false, gated_mlp: true };
  assertEquals(JSON.parse(out), viaJson(estimate({ model: { dims: whole } })));
});

Deno.test("estimate --model reads a config.json or a folder with one", async () => {
  const text = JSON.stringify(CONFIG);
  const files = { "tiny/config.json": text, "odd name.json": text };
  await withFolder(files, async (folder) => {
    const named = (name: string): ScenarioInput => ({
      model: { config: { ...CONFIG, _name_or_path: name } },
    });
    const tiny = estimate(named("tiny"));
    const cases: [path: string, cwd: string, wanted: unknown][] = [
      [join(folder, "tiny"), "", tiny],
      [join(folder, "tiny", "config.json"), "", tiny],
      ["tiny", folder, tiny],
      ["./tiny/config.json", folder, tiny],
      [".", join(folder, "tiny"), tiny],
      ["odd name.json", folder, estimate(named("odd name.json"))],
    ];
    await Promise.all(cases.map(async ([path, cwd, wanted]) => {
      const { code, out, err } = await headroom(
        ["estimate", "--json", "--model", path],
        { env: { INIT_CWD: cwd } },
      );
      assertEquals([code, err], [0, ""], path);
      assertEquals(JSON.parse(out), viaJson(wanted), path);
    }));
  });
});

Deno.test("estimate --model takes the catalogue's name over a folder's", async () => {
  await withFolder({ "gpt2/config.json": "{}" }, async (folder) => {
    const { code, out } = await headroom(
      ["estimate", "--json", "--model", "gpt2"],
      { env: { INIT_CWD: folder } },
    );
    assertEquals(code, 0);
    assertEquals(JSON.parse(out).model.source, "catalogue");
  });
});

Deno.test("estimate takes the library's defaults for what no flag says", async () => {
  const { out } = await headroom([
    "estimate",
    ...["--model", "Qwen/Qwen3-32B", "--qlora", "--gpu", "RTX 4090", "--json"],
  ]);
  const { scenario, memory, assumptions } = JSON.parse(out);
  const wanted = estimate({
    model: "Qwen/Qwen3-32B",
    train: { method: "qlora" },
    hardware: { gpu: "RTX 4090" },
  });
  assertEquals(scenario, wanted.scenario);
  assertEquals(memory, JSON.parse(JSON.stringify(wanted.memory)));
  assertEquals(assumptions, wanted.assumptions);
});
