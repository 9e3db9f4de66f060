import { assert, assertEquals } from "@std/assert";
import { EXPORTS, FORMATS, TOOLS } from "../../../lib/interop/tools.ts";

const FOLDER = new URL("../../../lib/interop/", import.meta.url);

/** Folders of what all tools share. */
const SHARED = ["reading", "writing"];

Deno.test("each folder of lib/interop is a tool, whose files stand in the list", async () => {
  const folders = [...Deno.readDirSync(FOLDER)]
    .filter(({ name, isDirectory }) => isDirectory && !SHARED.includes(name))
    .map(({ name }) => name);
  assertEquals(
    TOOLS.map(({ folder }) => folder).toSorted(),
    folders.toSorted(),
  );
  for (const { folder, reads, writes } of TOOLS) {
    const exported = (await Promise.all(
      [...Deno.readDirSync(new URL(`${folder}/`, FOLDER))]
        .filter(({ name }) => /^(?:read|write)(?:_\w+)?\.ts$/.test(name))
        .map(({ name }) => import(`${FOLDER.href}${folder}/${name}`)),
    )).flatMap((module) => Object.values(module));
    assert(reads.length + writes.length > 0, `${folder} is left out`);
    for (const each of [...reads, ...writes]) {
      assert(exported.includes(each), `${each.id} stands outside of ${folder}`);
    }
    for (const each of exported) {
      assert(
        typeof each === "function" ||
          [...reads, ...writes].includes(each as never),
        `${folder} has a format that TOOLS leaves out`,
      );
    }
  }
});

Deno.test("ids of formats are their own", () => {
  for (const formats of [FORMATS, EXPORTS]) {
    const ids = formats.map(({ id }) => id);
    assertEquals(ids, [...new Set(ids)]);
  }
});

Deno.test("EXPORTS offers what starts a run first, and the Scenario itself last", () => {
  assertEquals(EXPORTS.map(({ id }) => id), [
    "accelerate",
    "deepspeed",
    "axolotl",
    "lightning",
    "training-arguments",
    "vllm",
    "sglang",
    "llama.cpp",
    "ollama",
    "tgi",
    "tensorrt-llm",
    "yaml",
    "json",
  ]);
});
