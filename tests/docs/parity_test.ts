import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** The cells of each row of the page's tables, but headers and rules. */
async function rows(): Promise<string[][]> {
  const text = await Deno.readTextFile(new URL("docs/parity.md", ROOT));
  return text.split("\n").filter((line) => line.startsWith("|"))
    // A bar inside of a cell is written with a backslash.
    .map((line) =>
      line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim())
    )
    .filter(([first = ""]) => first !== "What it has" && !/^-+$/.test(first));
}

Deno.test("docs/parity.md has no open row: each names a place and a test", async () => {
  const all = await rows();
  assert(all.length > 30);
  for (const cells of all) {
    assertEquals(cells.length, 3, cells.join(" | "));
    for (const cell of cells) assert(cell !== "" && cell !== "—", cells[0]);
  }
});

Deno.test("docs/parity.md names tests and documents that there are", async () => {
  for (const [what = "", where = "", test = ""] of await rows()) {
    const paths = [
      ...`${where} ${test}`.matchAll(
        /\b(?:tests|probe|deploy|docs|lib)\/[\w./-]*\w\/?/g,
      ),
    ].map(([path]) => path);
    for (const path of paths) {
      const found = await Deno.stat(new URL(path, ROOT)).catch(() => null);
      assert(found, `${what}: ${path}`);
    }
  }
});
