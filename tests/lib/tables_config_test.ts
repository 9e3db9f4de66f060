import { assert, assertEquals } from "@std/assert";
import { estimate } from "../../lib/mod.ts";
import type { TablesConfig } from "../../lib/ask/tables/config.ts";
import {
  CONFIG_FILES,
  DEFAULT_TABLES,
  parseTablesConfig,
} from "../../lib/ask/tables/config.ts";
import type { ConfigFile } from "../../lib/ask/tables/config.ts";
import { tablesOf } from "../../lib/ask/tables/mod.ts";
import { readTablesConfig } from "../../lib/ask/tables/read_config.ts";
import { DIALOGPT, settingsOf, tables } from "./tables.ts";
import { assertOk } from "./results.ts";

function configOf(files: Partial<Record<ConfigFile, unknown>>): TablesConfig {
  const parsed = parseTablesConfig(files);
  assertOk(parsed);
  return parsed.value;
}

Deno.test("parseTablesConfig() takes the documents' custom types and GPUs", () => {
  const config = configOf({
    "data_types.json": {
      your_custom_format: {
        bytes_per_param: 0.75,
        description: "Your custom 6-bit format",
      },
    },
    "gpu_types.json": {
      name: "RTX 5090",
      memory_gb: 32,
      category: "consumer",
      architecture: "Blackwell",
    },
  });
  const { rows, recommendations, chosen } = tablesOf(
    estimate({ model: DIALOGPT }).model,
    settingsOf({ model: DIALOGPT }),
    config,
  );
  assertEquals(rows.map(({ type, total_bytes }) => [type, total_bytes]), [
    ["your_custom_format", 354_823_168 * 0.75],
  ]);
  assertEquals(chosen.type, "your_custom_format");
  assertEquals(recommendations.map(({ gpu }) => gpu), ["RTX 5090"]);
  assertEquals(config.display, DEFAULT_TABLES.display);
});

Deno.test("parseTablesConfig() lets display settings choose GPUs", () => {
  const shown = (display: object) =>
    tables(
      { model: DIALOGPT },
      configOf({ "display_settings.json": display }),
    ).recommendations.map(({ gpu }) => gpu);
  assertEquals(shown({ max_gpu_display: 2 }), ["RTX 4090", "A100 40GB"]);
  assertEquals(shown({ preferred_categories: ["consumer"] }), [
    "RTX 4090",
    "RTX 5090",
  ]);
  assertEquals(shown({ preferred_categories: ["none"] }), []);
  assertEquals(shown({ preferred_categories: [] }).length, 8);
});

const REFUSED: [file: ConfigFile, content: unknown, message: string][] = [
  [
    "data_types.json",
    { my6: { bytes_per_param: 0 } },
    "data_types.json: my6.bytes_per_param must be more than 0: current value is 0",
  ],
  [
    "data_types.json",
    { my6: { bytes: 0.75, bytes_per_param: 1 } },
    "data_types.json: my6.bytes is not a field",
  ],
  [
    "data_types.json",
    { my6: {} },
    "data_types.json: my6.bytes_per_param is missing: it must be a number",
  ],
  [
    "data_types.json",
    { "a b": { bytes_per_param: 1 } },
    'data_types.json: a b must have a name of up to 40 letters, digits and _ . + : -: current value is {"bytes_per_param":1}',
  ],
  [
    "data_types.json",
    {},
    "data_types.json must have 1 to 100 data types: current value is {}",
  ],
  [
    "gpu_types.json",
    [{ name: "X", memory_gb: "24" }],
    'gpu_types.json: 0.memory_gb must be a number: current value is "24"',
  ],
  [
    "gpu_types.json",
    3,
    "gpu_types.json must be a list: current value is 3",
  ],
  [
    "display_settings.json",
    { max_gpu_display: 0 },
    "display_settings.json: max_gpu_display must be at least 1: current value is 0",
  ],
  [
    "display_settings.json",
    { table_styles: { gpu_table: { header_style: "bold pink" } } },
    'display_settings.json: table_styles.gpu_table.header_style must be names of colours and bold, dim, italic or underline: current value is "bold pink"',
  ],
  [
    "display_settings.json",
    { table_styles: { gpu_table: { box: "DOTS" } } },
    'display_settings.json: table_styles.gpu_table.box must be one of ROUNDED, DOUBLE_EDGE, HEAVY_EDGE, SIMPLE, ASCII: current value is "DOTS"',
  ],
];

for (const [file, content, message] of REFUSED) {
  Deno.test(`parseTablesConfig() refuses ${JSON.stringify(content)} by its path`, () => {
    const parsed = parseTablesConfig({ [file]: content });
    assert(!parsed.ok);
    assertEquals(parsed.problems.map((problem) => problem.message), [message]);
  });
}

Deno.test("readTablesConfig() reads the files that there are", async () => {
  const read = await readTablesConfig(
    "folder",
    (file) =>
      Promise.resolve(
        file === "data_types.json" ? '{"a": {"bytes_per_param": 3}}' : null,
      ),
  );
  assert(read.ok);
  assertEquals(Object.keys(read.value.data_types), ["a"]);
  assertEquals(read.value.gpu_types, DEFAULT_TABLES.gpu_types);
});

Deno.test("readTablesConfig() refuses what is no JSON and a folder without files", async () => {
  const broken = await readTablesConfig("folder", () => Promise.resolve("{,"));
  assert(!broken.ok);
  assertEquals(broken.problems.map(({ path }) => path), [...CONFIG_FILES]);
  const empty = await readTablesConfig("folder", () => Promise.resolve(null));
  assert(!empty.ok);
  assertEquals(
    empty.problems[0]?.message,
    "must hold data_types.json, gpu_types.json, display_settings.json or some of them: there is none in folder",
  );
});
