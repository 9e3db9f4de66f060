import { assert, assertEquals } from "@std/assert";
import { foreignPackagesIn, wrongArrowsIn } from "./arrows.ts";
import { circlesIn } from "./circles.ts";
import { graphOf } from "./imports.ts";
import { reasonsIn, tooLongIn } from "./lengths.ts";
import { namesTwiceIn } from "./names.ts";
import { ROOMS } from "./rooms.ts";
import { sourcesOf } from "./sources.ts";

const ROOT = new URL("../../", import.meta.url);

const PROGRAM = [
  "lib",
  "hub",
  "static",
  "templates",
  "commands",
  "routes",
  "tools",
  "app.ts",
  "cli.ts",
  "main.ts",
];

const sources = await sourcesOf(PROGRAM);
const graph = graphOf(sources);

Deno.test("no files import each other in a circle", () => {
  assertEquals(circlesIn(graph), []);
});

Deno.test("every file imports from its own room and those before it", () => {
  assertEquals(wrongArrowsIn(graph), []);
});

Deno.test("the library imports a few packages and nothing else", () => {
  assertEquals(foreignPackagesIn(graph), []);
});

Deno.test("names of the library are given once", () => {
  const library = [...sources].filter(([path]) => path.startsWith("lib/"));
  assertEquals(namesTwiceIn(new Map(library)), []);
});

Deno.test("no file has more than 300 lines but those whose reason is written", async () => {
  const all = await sourcesOf(
    [...PROGRAM, "tests", "bench", "probe", "deploy"],
    { like: /\.(tsx?|js|css|py|cpp)$/ },
  );
  const contributing = await Deno.readTextFile(
    new URL("CONTRIBUTING.md", ROOT),
  );
  assertEquals(tooLongIn(all, reasonsIn(contributing)), []);
});

Deno.test("no test passes or fails by a clock", async () => {
  const tests = await sourcesOf(["tests"], { like: /_test\.tsx?$/ });
  assert(tests.size > 200, `${tests.size} files of tests were read`);
  assertEquals(
    [...tests].filter(([, text]) => /\b(performance|Date)\.now\(/.test(text))
      .map(([path]) => path),
    [],
  );
});

Deno.test("a planted circle is found, with its files", async () => {
  const planted = new Map(
    await planting({
      "lib/units/a.ts": 'import type { B } from "./b.ts";',
      "lib/units/b.ts": 'export { type C,\n  d } from "./c.ts";',
      "lib/units/c.ts": 'const a = await import("./a.ts");',
      "lib/units/d.ts": 'import "./a.ts";',
    }),
  );
  assertEquals(circlesIn(graphOf(planted)), [
    "lib/units/a.ts → lib/units/b.ts → lib/units/c.ts → lib/units/a.ts",
  ]);
});

Deno.test("a planted import against the order is found, with its files", async () => {
  const planted = await planting({
    "lib/units/a.ts": 'import type { B } from "../models/b.ts";',
    "lib/models/b.ts": 'import { a } from "../units/a.ts";',
    "lib/methods/one/mod.ts": 'import { d } from "../other/d.ts";',
    "lib/methods/other/d.ts": 'import { e } from "../e.ts";',
    "lib/methods/e.ts": 'import { app } from "../../app.ts";',
    "lib/elsewhere/f.ts": "",
  });
  assertEquals(wrongArrowsIn(graphOf(planted)), [
    "lib/elsewhere/f.ts stands in no room",
    "lib/methods/e.ts imports app.ts: lib/methods comes before app.ts",
    "lib/methods/one/mod.ts imports lib/methods/other/d.ts: lib/methods/one stands beside lib/methods/other",
    "lib/units/a.ts imports lib/models/b.ts: lib/units comes before lib/models",
  ]);
});

Deno.test("a planted package, name and length are found", async () => {
  const planted = await planting({
    "lib/units/a.ts": 'import { Hono } from "hono";\nexport type A = Hono;',
    "lib/models/b.ts": "export interface A {}\n".repeat(301),
    "lib/methods/one/mod.ts": "export function answer() {}",
    "lib/methods/other/mod.ts": "export function answer() {}",
    "lib/hardware/c.ts": "export const find = 1, B = 2;",
    "lib/hardware/d.ts": "export function find() {}",
    "lib/plan/e.ts": "export const open = 1;",
    "lib/plan/f.ts": "export const f = 1;",
    "lib/engines/g.ts": "export const open = 1;\nexport const f = 1;",
    "lib/mod.ts": 'export { open } from "./plan/e.ts";',
  });
  assertEquals(foreignPackagesIn(graphOf(planted)), [
    "lib/units/a.ts imports hono",
  ]);
  assertEquals(namesTwiceIn(planted), [
    "A: lib/models/b.ts, lib/units/a.ts",
    "find: lib/hardware/c.ts, lib/hardware/d.ts",
    "open: lib/engines/g.ts, lib/plan/e.ts",
  ]);
  const table =
    "### Files of more lines\n\n| file | why |\n| - | - |\n| `lib/units/a.ts` | a table |\n";
  assertEquals(tooLongIn(planted, reasonsIn(table)), [
    "CONTRIBUTING.md gives a reason for lib/units/a.ts, which needs none",
    "lib/models/b.ts has 301 lines of at most 300, and no reason in CONTRIBUTING.md",
  ]);
});

Deno.test("the imports that are read are those that Deno reads", async () => {
  const own = [...graph].map(([path, { files }]) =>
    [path, files.toSorted()] as const
  );
  const read = await importsByDeno([
    "main.ts",
    "cli.ts",
    "tools/doubts.ts",
    "routes/pool/worker.ts",
    "routes/pool/listener.ts",
  ]);
  const compared = own.filter(([path]) => read.has(path));
  assert(compared.length > 300, `${compared.length} files were compared`);
  for (const [path, files] of compared) {
    assertEquals(files, [...read.get(path) ?? []].sort(), path);
  }
});

Deno.test("CONTRIBUTING.md has the rooms in their order", async () => {
  const contributing = await Deno.readTextFile(
    new URL("CONTRIBUTING.md", ROOT),
  );
  const [, house = ""] = contributing.split("\n## The house\n");
  const [table = ""] = house.split(/^#/m);
  const rooms = [...table.matchAll(/^\| (`.*?`) +\|/gm)]
    .flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)])
    .map(([, room]) => room);
  assertEquals(rooms, [...ROOMS]);
});

Deno.test("app.ts mounts every file of routes that has addresses", () => {
  const mounted = graph.get("app.ts")?.files ?? [];
  const own = [...sources].filter(([path, text]) =>
    /^routes\/[^/]+$/.test(path) && /\bnew Hono\b/.test(text)
  ).map(([path]) => path);
  assert(own.length > 10, `${own.length} files have addresses`);
  assertEquals(own.filter((path) => !mounted.includes(path)), []);
});

/** Lays files down in a folder of their own, and reads them from there. */
async function planting(files: Record<string, string>) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = `${folder}/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), {
        recursive: true,
      });
      await Deno.writeTextFile(file, text);
    }
    return await sourcesOf(["lib"], {
      root: new URL(`file://${folder}/`),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface DenoModule {
  specifier: string;
  dependencies?: { code?: Resolved; type?: Resolved }[];
}

interface Resolved {
  specifier?: string;
}

/** The files of the project that Deno finds behind others, and their imports. */
async function importsByDeno(
  entries: readonly string[],
): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const { specifier, dependencies = [] } of await modulesBehind(entries)) {
    for (const path of localPath(specifier)) {
      const files = found.get(path) ?? new Set();
      found.set(path, files);
      for (const { code, type } of dependencies) {
        for (const file of localPath((code ?? type)?.specifier)) {
          files.add(file);
        }
      }
    }
  }
  return found;
}

async function modulesBehind(
  entries: readonly string[],
): Promise<DenoModule[]> {
  const read = await Promise.all(entries.map(async (entry) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--lock=tests/deno.lock", entry],
      cwd: ROOT,
    }).output();
    return JSON.parse(new TextDecoder().decode(stdout)).modules;
  }));
  return read.flat();
}

/** The path of a file of the project; none of anything else. */
function localPath(specifier = ""): string[] {
  return specifier.startsWith(ROOT.href)
    ? [specifier.slice(ROOT.href.length)]
    : [];
}
