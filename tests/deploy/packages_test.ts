import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import lockText from "../../deno.lock" with { type: "text" };
import testLockText from "../deno.lock" with { type: "text" };

const ROOT = new URL("../../", import.meta.url);

interface Lock {
  specifiers: Record<string, string>;
  npm: Record<string, { integrity: string }>;
}

const lock: Lock = JSON.parse(lockText);
const testLock: Lock = JSON.parse(testLockText);

/** The packages of deno.json, without what only the type checker reads. */
const pinned = Object.values(config.imports)
  .filter((target) => target.startsWith("npm:"))
  .map((target) => target.replace(/^npm:\/?/, "").replace(/\/$/, ""));

/** The packages that a file imports, and all that it imports in turn. */
async function packagesOf(file: string): Promise<string[]> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", file],
    cwd: ROOT,
    stderr: "inherit",
  }).output();
  assert(success);
  const { modules }: { modules: { npmPackage?: string }[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  return modules.flatMap(({ npmPackage }) => npmPackage ?? []);
}

// Deno fetches whatever stands in the lock file, imported or not.
Deno.test("starting the program fetches no package that only a test imports", async () => {
  const imported = new Set([
    ...await packagesOf("main.ts"),
    ...await packagesOf("cli.ts"),
  ]);
  const unused = pinned.filter((name) =>
    !name.startsWith("@types/") && !imported.has(name)
  );
  assertEquals(unused, []);
  assertEquals(
    Object.keys(lock.specifiers).sort(),
    [...new Set(pinned)].map((name) => `npm:${name}`).sort(),
  );
});

Deno.test("the tests run the packages that the program runs", () => {
  const different = Object.entries(lock.npm).filter(([name, { integrity }]) =>
    !name.startsWith("@types/") && integrity !== testLock.npm[name]?.integrity
  );
  assertEquals(different, []);
});

Deno.test("packages of tests are imported in tests/npm alone, each pinned", async () => {
  const loose: string[] = [];
  for await (const { name } of Deno.readDir(new URL("tests/npm", ROOT))) {
    const text = await Deno.readTextFile(new URL(`tests/npm/${name}`, ROOT));
    const imported = [...text.matchAll(/"(npm:[^"]+)"/g)]
      .map(([, specifier = ""]) => specifier);
    assert(imported.length > 0, name);
    loose.push(
      ...imported.filter((specifier) =>
        !/^npm:[\w@/.-]+@\d+\.\d+\.\d+(\/|$)/.test(specifier)
      ),
    );
  }
  assertEquals(loose, []);
});

// Task shells of older versions take a star for files, and stop at none.
Deno.test("no task leaves a pattern to the shell", () => {
  const tasks: Record<string, string | { command: string }> = config.tasks;
  const open = Object.entries(tasks).filter(([, task]) => {
    const command = typeof task === "string" ? task : task.command;
    return /[*?[\]{}~]/.test(command.replaceAll(/'[^']*'|"[^"]*"/g, ""));
  });
  assertEquals(open.map(([name]) => name), []);
});
