/**
 * Builds the npm package, the command line and the library for Node alone:
 * `deno task package [FOLDER]`, then `npm pack` in the folder.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withParsedData } from "./data.ts";
import { declarationsOf } from "./declarations.ts";
import { MANIFEST } from "./manifest.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Files that are taken as they are. */
const AS_THEY_ARE: Record<string, string> = {
  "LICENSE": "LICENSE",
  "docs/npm.md": "README.md",
  "SKILL.md": "SKILL.md",
  "probe/measure.py": "probe/measure.py",
  "tools/package/bin.js": "bin/headroom.js",
  "tools/package/older_node.js": "dist/older_node.js",
};

const ENTRY = "lib/mod.ts";
/** How often the command is timed. */
const RUNS = 3;

const folder = Deno.args[0] ?? join(ROOT, "dist");
await Deno.mkdir(folder, { recursive: true });
for (const name of ["bin", "dist", "types", "probe"]) {
  await Deno.remove(join(folder, name), { recursive: true }).catch(isThere);
}
await bundle(join(folder, "dist"));
for await (const { name, isFile } of Deno.readDir(join(folder, "dist"))) {
  if (!isFile) continue;
  const path = join("dist", name);
  const text = await Deno.readTextFile(join(folder, path));
  await put(path, withParsedData(text));
}
for (const [from, to] of Object.entries(AS_THEY_ARE)) {
  await put(to, await Deno.readTextFile(join(ROOT, from)));
}
for (const [name, text] of declarationsOf(ROOT, ENTRY)) {
  await put(join("types", name), text);
}
for (const [name, back] of [["cli.js", "./"], ["lib/mod.js", "../"]] as const) {
  const path = join("dist", name);
  const text = await Deno.readTextFile(join(folder, path));
  await put(path, `import "${back}older_node.js";\n${text}`);
}
await put("package.json", `${JSON.stringify(MANIFEST, null, 2)}\n`);
await Deno.chmod(join(folder, "bin/headroom.js"), 0o755);
console.log(folder);
console.log(await startTime());

/** How long the command takes here, the best of a few; nothing where Node is not. */
async function startTime(): Promise<string> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const from = performance.now();
    const { success } = await new Deno.Command("node", {
      args: ["bin/headroom.js", "qwen3-8b", "--qlora", "--gpu", "RTX 4090"],
      cwd: folder,
    }).output().catch(() => ({ success: false }));
    if (!success) return "Node is not there to time it";
    times.push(performance.now() - from);
  }
  return `An estimate takes ${Math.min(...times).toFixed(0)} ms`;
}

/** The command line and the library, with what both need in files of their own. */
async function bundle(to: string): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      // The library then needs nothing of Node, and runs in a browser too.
      "--platform=browser",
      "--external=node:*",
      "--format=esm",
      "--minify",
      "--code-splitting",
      `--outdir=${to}`,
      "cli.ts",
      ENTRY,
    ],
    cwd: ROOT,
  }).spawn().status;
  if (!success) Deno.exit(1);
}

async function put(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
  await Deno.writeTextFile(join(folder, path), text);
}

function isThere(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
