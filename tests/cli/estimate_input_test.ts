import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { estimate, withFit } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { headroom, headroomEach } from "./headroom.ts";
import { SCENARIO, viaJson, withFolder } from "./estimates.ts";

const CONFIG = {
  model_type: "llama",
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 128,
  vocab_size: 1000,
};

/** What --json tells of a scenario: of its own GPU alone. */
function told(input: ScenarioInput): unknown {
  return viaJson(withFit(estimate(input), "own"));
}

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
      assertEquals(JSON.parse(out), told(SCENARIO));
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
    told({
      ...SCENARIO,
      train: { ...SCENARIO.train, sequence_length: 1024, micro_batch: 5 },
      engine: { name: "deepspeed", zero_stage: 1 },
    }),
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
    assertEquals(JSON.parse(results[at]?.out ?? ""), told(input));
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
  assertEquals(JSON.parse(out), told({ model: { dims: whole } }));
});

Deno.test("estimate --model reads a config.json or a folder with one", async () => {
  const text = JSON.stringify(CONFIG);
  const files = { "tiny/config.json": text, "odd name.json": text };
  await withFolder(files, async (folder) => {
    const named = (name: string): ScenarioInput => ({
      model: { config: { ...CONFIG, _name_or_path: name } },
    });
    const tiny = told(named("tiny"));
    const cases: [path: string, cwd: string, wanted: unknown][] = [
      [join(folder, "tiny"), "", tiny],
      [join(folder, "tiny", "config.json"), "", tiny],
      ["tiny", folder, tiny],
      ["./tiny/config.json", folder, tiny],
      [".", join(folder, "tiny"), tiny],
      ["odd name.json", folder, told(named("odd name.json"))],
    ];
    await Promise.all(cases.map(async ([path, cwd, wanted]) => {
      const { code, out, err } = await headroom(
        ["estimate", "--json", "--model", path],
        { env: { INIT_CWD: cwd } },
      );
      assertEquals([code, err], [0, ""], path);
      assertEquals(JSON.parse(out), wanted, path);
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
