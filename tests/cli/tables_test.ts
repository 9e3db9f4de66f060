import { assert, assertEquals, assertMatch } from "@std/assert";
import { headroom, headroomEach } from "./headroom.ts";

/** A folder with the given files, removed after use. */
async function folderOf(files: Record<string, string>): Promise<
  AsyncDisposable & { path: string }
> {
  const path = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${path}/${name}`, text);
  }
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

Deno.test("tables names the flag, the limit and the value of what it refuses", async () => {
  const [none, type, rank, length, model] = await headroomEach([
    ["tables"],
    ["tables", "gpt2", "--dtype", "fp3"],
    ["tables", "gpt2", "--lora-rank", "0"],
    ["tables", "gpt2", "--sequence-length", "many"],
    ["tables", "./no-such-model/config.json"],
  ]);
  const said = [none, type, rank, length, model].map((each) => [
    each?.code,
    each?.out,
    each?.err.trim().split("\n")[0],
  ]);
  assertEquals(said.map(([code, out]) => [code, out]), Array(5).fill([2, ""]));
  assertMatch(String(said[0]?.[2]), /^model is missing/);
  assertMatch(String(said[1]?.[2]), /^--dtype must be one of fp32, .* "fp3"$/);
  assertMatch(String(said[2]?.[2]), /^--lora-rank must be at least 1: .* "0"$/);
  assertMatch(
    String(said[3]?.[2]),
    /^--sequence-length must be a number: current value is "many"$/,
  );
  assertMatch(String(said[4]?.[2]), /there is none at/);
});

Deno.test("tables --config-dir reads the folder's three files", async () => {
  await using folder = await folderOf({
    "data_types.json": '{"six": {"bytes_per_param": 0.75}}',
    "gpu_types.json":
      '[{"name": "Mine", "memory_gb": 48, "memory_gib": 44.7, "category": "own"}]',
    "display_settings.json": JSON.stringify({
      preferred_categories: ["own"],
      table_styles: {
        memory_table: { box: "ROUNDED", show_lines: true },
        gpu_table: { box: "ASCII", header_style: "bold red" },
      },
    }),
  });
  const { code, out, err } = await headroom([
    "tables",
    "mistralai/Mistral-7B-v0.1",
    "--show-detailed",
    "--config-dir",
    folder.path,
  ]);
  assertEquals([code, err], [0, ""]);
  assertMatch(out, /^╭─.*╮$/m);
  assertMatch(out, /^│ SIX +│ +0\.75 │/m);
  assertMatch(out, /^\| Mine +\| +48 GB \| +44\.70 \| ✓/m);
  assert(!out.includes("RTX 4090"));
  const listed = await headroom(
    ["tables", "--list-types", "--config-dir", folder.path],
  );
  assertMatch(listed.out, /^six +0\.75$/m);
  assertMatch(listed.out, /^Mine +48 GB +44\.70 GiB +own$/m);
});

Deno.test("tables --config-dir colours by size, where the terminal shows colours", async () => {
  await using folder = await folderOf({
    "display_settings.json": JSON.stringify({
      memory_color_thresholds: { green: 15, yellow: 17, red: 20 },
      table_styles: { memory_table: { header_style: "underline cyan" } },
    }),
  });
  const { out } = await headroom(
    ["tables", "mistralai/Mistral-7B-v0.1", "--dtype", "bf16", "--config-dir"]
      .concat(folder.path),
    { env: { FORCE_COLOR: "1" } },
  );
  assert(out.includes("\x1b[32m13.49\x1b[39m"), "green to 15");
  assert(out.includes("\x1b[33m16.19\x1b[39m"), "yellow to 17");
  assert(out.includes("\x1b[31m70.14\x1b[39m"), "red from 20");
  assert(out.includes("\x1b[36m\x1b[4mData type"), "the header's style");
});

Deno.test("tables --config-dir names the file and the path of what it refuses", async () => {
  await using broken = await folderOf({ "data_types.json": "{,}" });
  await using wrong = await folderOf({
    "data_types.json": '{"six": {"bytes_per_param": "0.75"}}',
    "gpu_types.json": '[{"name": "Mine"}]',
  });
  const [json, fields, none] = await headroomEach(
    [broken.path, wrong.path, "./no-such-folder"].map((path) => [
      "tables",
      "gpt2",
      "--config-dir",
      path,
    ]),
  );
  assertEquals([json, fields, none].map((each) => each?.code), [2, 2, 2]);
  assertMatch(json?.err ?? "", /^--config-dir: data_types\.json must be JSON/);
  assertEquals(fields?.err.trim().split("\n"), [
    '--config-dir: data_types.json: six.bytes_per_param must be a number: current value is "0.75"',
    "--config-dir: gpu_types.json: 0.memory_gb is missing: it must be a number",
  ]);
  assertMatch(none?.err ?? "", /there is none in \.\/no-such-folder/);
});

Deno.test("tables --json prints rows, strategies, GPUs and opinions", async () => {
  const [some, all, refused] = await headroomEach([
    ["tables", "gpt2", "--json", "--dtype", "bf16,int4"],
    ["tables", "gpt2", "--json", "--show-detailed"],
    ["tables", "gpt2", "--json", "--lora-rank", "0"],
  ]);
  const short = JSON.parse(some?.out ?? "");
  assertEquals(short.rows.map((row: { type: string }) => row.type), [
    "bf16",
    "int4",
  ]);
  assertEquals(short.opinions, undefined);
  const long = JSON.parse(all?.out ?? "");
  assertEquals(long.settings.lora_rank, 64);
  assert(long.opinions.length >= 4 && long.strategies.length === 14);
  const { error } = JSON.parse(refused?.out ?? "");
  assertEquals(error.path, "lora_rank");
});

Deno.test("estimate --batch-size and --seq-length follow the task, and --kv-cache", async () => {
  const settings = async (...args: string[]) => {
    const { out, err } = await headroom(
      ["estimate", "--model", "gpt2", "--json", ...args],
    );
    assertEquals(err, "");
    return JSON.parse(out).scenario;
  };
  const both = ["--batch-size", "3", "--seq-length", "512"];
  const trained = await settings(...both, "--kv-cache", "true");
  assertEquals(
    [trained.train.micro_batch, trained.train.sequence_length],
    [3, 512],
  );
  assertEquals([trained.serve.batch, trained.factors.kv_cache], [1, true]);
  const served = await settings(
    "--mode",
    "inference",
    ...both,
    "--no-kv-cache",
  );
  assertEquals(served.task, "serve");
  assertEquals(
    [
      served.serve.batch,
      served.serve.input_tokens,
      served.serve.output_tokens,
      served.serve.kv_cache,
    ],
    [3, 512, 0, false],
  );
  assertEquals([served.train.micro_batch, served.factors.kv_cache], [1, false]);
  const plain = await settings("--mode", "inference");
  assertEquals([plain.serve.kv_cache, plain.serve.output_tokens], [true, 128]);
});
