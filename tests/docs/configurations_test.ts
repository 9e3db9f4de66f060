import { assert, assertEquals } from "@std/assert";
import document from "../../docs/configurations.md" with { type: "text" };
import { EXPORTS } from "../../lib/mod.ts";
import { FORMATS } from "../../lib/interop/tools.ts";
import { configurationRows, rowsOf } from "./configuration_rows.ts";

Deno.test("docs/configurations.md has every setting that is read, as the code reads it", () => {
  const written = rowsOf(document);
  const wanted = configurationRows();
  assertEquals([...written.keys()], [...wanted.keys()]);
  for (const [title, rows] of wanted) {
    assertEquals(written.get(title), rows, title);
  }
});

Deno.test("docs/configurations.md names every format in and out", () => {
  const words = document.toLowerCase().replaceAll(/\s+/g, " ");
  for (const { title } of [...FORMATS, ...EXPORTS]) {
    assert(words.includes(title.toLowerCase()), title);
  }
  for (const { id } of EXPORTS) assert(document.includes(`\`${id}\``), id);
});
