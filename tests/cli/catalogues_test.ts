import { assert, assertEquals, assertMatch } from "@std/assert";
import { CATALOGUE, formatBytes, GPUS } from "../../lib/mod.ts";
import { headroomEach } from "./headroom.ts";
import type { Ran } from "./headroom.ts";

const LINES = [
  ["models"],
  ["models", "llama", "8b"],
  ["models", "LLAMA 8B"],
  ["models", "gpt2"],
  ["models", "no-such-thing"],
  ["models", "--help"],
  ["gpus"],
  ["gpus", "rtx 40"],
  ["gpus", "amd"],
  ["gpus", "no-such-thing"],
  ["gpus", "--help"],
  ["gpus", "--bogus"],
  ["models", "--bogus"],
];
const ran = headroomEach(LINES);

async function resultOf(...args: string[]): Promise<Ran> {
  const at = LINES.findIndex((line) => line.join() === args.join());
  const result = (await ran)[at];
  assert(result);
  return result;
}

/** The rows of a table, without the line that counts them. */
function rowsOf({ code, out, err }: Ran): string[] {
  assertEquals([code, err], [0, ""]);
  assert(!out.includes("\x1b"));
  return out.trimEnd().split("\n").slice(0, -1);
}

Deno.test("models lists the whole catalogue", async () => {
  const result = await resultOf("models");
  const rows = rowsOf(result);
  assertEquals(
    rows.map((row) => row.split(/ {2,}/)[0]),
    CATALOGUE.map(({ id }) => id),
  );
  assertMatch(result.out, new RegExp(`^${CATALOGUE.length} models$`, "m"));
  for (const row of rows) {
    assertMatch(row, /^\S+ +\S+ +(\d[\d.]*[KMBT]?|approximate)$/);
  }
});

Deno.test("models finds models by every word, whatever the case", async () => {
  const rows = rowsOf(await resultOf("models", "llama", "8b"));
  assert(rows.some((row) => row.startsWith("meta-llama/Llama-3.1-8B ")));
  for (const row of rows) {
    assertMatch(row, /llama/i);
    assertMatch(row, /8b/i);
  }
  assertEquals(rowsOf(await resultOf("models", "LLAMA 8B")), rows);
});

Deno.test("models shows a model's type and parameters", async () => {
  const rows = rowsOf(await resultOf("models", "gpt2"));
  const row = rows.find((each) => each.startsWith("openai-community/gpt2 "));
  assertEquals(row?.split(/ {2,}/).slice(1), ["gpt2", "124M"]);
});

Deno.test("gpus lists the whole catalogue with usable memory", async () => {
  const result = await resultOf("gpus");
  const cells = rowsOf(result).map((row) => row.split(/ {2,}/));
  assertEquals(
    cells,
    GPUS.map((gpu) => [
      gpu.name,
      gpu.vendor,
      gpu.class,
      formatBytes(gpu.usable_bytes),
      gpu.basis,
    ]),
  );
  assertMatch(result.out, new RegExp(`^${GPUS.length} GPUs, `, "m"));
});

Deno.test("gpus finds GPUs by name, maker and class", async () => {
  const cards = rowsOf(await resultOf("gpus", "rtx 40"));
  assert(cards.some((row) => row.startsWith("RTX 4090 ")));
  for (const row of cards) assertMatch(row, /rtx 40/i);
  const amd = rowsOf(await resultOf("gpus", "amd"));
  assertEquals(
    amd.length,
    GPUS.filter(({ vendor }) => vendor === "AMD").length,
  );
});

Deno.test("models and gpus say when there is nothing to list", async () => {
  for (const name of ["models", "gpus"]) {
    const { code, out } = await resultOf(name, "no-such-thing");
    assertEquals(code, 0);
    assertMatch(
      out,
      /^No (model|GPU) of the catalogue matches "no-such-thing"\n$/,
    );
  }
});

Deno.test("models and gpus explain themselves", async () => {
  for (const name of ["models", "gpus"]) {
    const help = await resultOf(name, "--help");
    assertEquals([help.code, help.err], [0, ""]);
    assertMatch(help.out, new RegExp(`^Usage: headroom ${name} `));
    const bogus = await resultOf(name, "--bogus");
    assertEquals([bogus.code, bogus.out], [2, ""]);
    assertMatch(bogus.err, /unknown option '--bogus'/);
  }
});
