import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../app.ts";
import { parseTablesConfig } from "../../lib/ask/tables/config.ts";
import { mountedTables } from "../../routes/mounted_tables.ts";
import { documentOf, textOf } from "./visit.ts";
import { cellsOf, MEMORY } from "./tables.ts";

Deno.test("GET /tables shows the data types and GPUs of a configuration", async () => {
  const config = parseTablesConfig({
    "data_types.json": { six: { bytes_per_param: 0.75 } },
    "gpu_types.json": [{ name: "Mine", memory_gb: 24, category: "own" }],
    "display_settings.json": {
      preferred_categories: ["own"],
      memory_color_thresholds: { green: 1, yellow: 2, red: 3 },
    },
  });
  assert(config.ok);
  const own = createApp(null, config.value);
  const response = await own.request("/tables?model=llama2-7b");
  const document = documentOf(await response.text());
  assertEquals(cellsOf(document, MEMORY).map(([name]) => name), ["six"]);
  assertEquals(cellsOf(document, "Table of GPUs").map(([name]) => name), [
    "Mine",
  ]);
  assertEquals(
    [...document.querySelectorAll("#f-dtype option")].map(textOf),
    ["all of them", "six"],
  );
  assert(document.querySelector("#answer td.over"));
});

Deno.test("mountedTables() reads the folder that is named, or stops by its reason", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/data_types.json`,
    '{"six": {"bytes_per_param": 0.75}}',
  );
  const read = await mountedTables(folder);
  assertEquals(Object.keys(read.data_types), ["six"]);
  await Deno.writeTextFile(`${folder}/gpu_types.json`, "[{}]");
  const refused = await mountedTables(folder).catch((error) => error.message);
  assertMatch(
    refused,
    /^TABLES_CONFIG_DIR gpu_types\.json: 0\.name is missing/,
  );
  await Deno.remove(folder, { recursive: true });
  const missing = await mountedTables(folder).catch((error) => error.message);
  assertMatch(missing, /there is none in/);
  const usual = await mountedTables(undefined);
  assertEquals(Object.keys(usual.data_types).length, 8);
});

Deno.test("the server reads a mounted configuration with a permission for that folder alone", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/data_types.json`,
    '{"six": {"bytes_per_param": 0.75}}',
  );
  const start = (permissions: string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        "--allow-env=PORT,DENO_SERVE_ADDRESS,TABLES_CONFIG_DIR",
        ...permissions,
        "main.ts",
      ],
      cwd: new URL("../../", import.meta.url),
      env: {
        TABLES_CONFIG_DIR: folder,
        DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
        NO_COLOR: "1",
      },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const denied = await start([]).output();
  assert(!denied.success);
  assertMatch(
    new TextDecoder().decode(denied.stderr),
    /TABLES_CONFIG_DIR must be a folder that may be read: start with --allow-read=/,
  );
  const allowed = start([`--allow-read=${folder}`]);
  const reader = allowed.stderr.pipeThrough(new TextDecoderStream())
    .getReader();
  let log = "";
  while (!/http:\/\/[\d.]+:\d+/.test(log)) {
    const { value, done } = await reader.read();
    assert(!done, log);
    log += value;
  }
  const [origin = ""] = log.match(/http:\/\/[\d.]+:\d+/) ?? [];
  const page = await (await fetch(`${origin}/tables?model=gpt2`)).text();
  await reader.cancel();
  await allowed.stdout.cancel();
  allowed.kill();
  await allowed.status;
  await Deno.remove(folder, { recursive: true });
  assertMatch(page, /<option value="six"/);
});
