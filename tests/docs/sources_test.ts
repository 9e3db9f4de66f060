import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const FOLDERS = ["lib", "hub", "routes", "commands", "templates"];

/**
 * Files that may build an expression of JavaScript's engine from text: what they
 * build it from is written in the sources.
 */
const OWN_TEXT: Readonly<Record<string, string>> = {
  "lib/evidence/source_url.ts": "of parts that it names",
  "lib/failures/patterns.ts": "of the readers' own words",
  "lib/interop/reading/key_patterns.ts": "of templates that the readers hold",
  "lib/plan/encoders/frozen.ts": "of a family's own expression",
};

Deno.test("no text from outside becomes an expression of a backtracking engine", async () => {
  const found: string[] = [];
  for (const folder of FOLDERS) {
    for await (const file of sourcesIn(folder)) {
      const text = await Deno.readTextFile(new URL(file, ROOT));
      // A literal is read by the type checker; anything else may be a user's.
      if (/\bRegExp\(/.test(text)) found.push(file);
    }
  }
  assertEquals(found.sort(), Object.keys(OWN_TEXT).sort());
});

async function* sourcesIn(folder: string): AsyncGenerator<string> {
  let entries = 0;
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    entries++;
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sourcesIn(path);
    else if (/\.tsx?$/.test(path)) yield path;
  }
  assert(entries > 0, `${folder} is empty`);
}
