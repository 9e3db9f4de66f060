/**
 * Runs everything that says whether the project is sound, and ends with the
 * number of tests on a line of its own. Given files or folders of tests, it runs
 * those alone.
 *
 * @module
 */
import { findChromium } from "./browser/find_chromium.ts";

interface Suite {
  name: string;
  args: string[];
}

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const ROOT = new URL("../", import.meta.url).pathname;

/** Most lines of an error that are told again. */
const MOST_LINES = 30;

const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  apos: "'",
  lt: "<",
  gt: ">",
  amp: "&",
};

/**
 * The packages of the program and of its tests. The program's own lock file has
 * none that only a test imports, so that nobody fetches them to start it.
 */
const LOCK = "--lock=tests/deno.lock";

/** Done first, so that what it says of downloads stands in no test's output. */
const PACKAGES: Suite[] = [
  { name: "the program's packages", args: ["cache", "main.ts", "cli.ts"] },
  { name: "the tests' packages", args: ["cache", LOCK, ...await testFiles()] },
];

const CHECKS: Suite[] = [
  { name: "format", args: ["fmt", "--check", "--quiet"] },
  { name: "lint", args: ["lint", "--quiet"] },
  { name: "types", args: ["check", LOCK, "--quiet"] },
];

/** Files of tests that share nothing run beside one another. */
const SUITES: Suite[] = [
  { name: "house", args: ["tests/house"] },
  { name: "library", args: ["--parallel", "tests/lib"] },
  { name: "Hub", args: ["tests/hub"] },
  { name: "HTTP", args: ["--parallel", "tests/http"] },
  { name: "command line", args: ["tests/cli"] },
  { name: "deployment", args: ["tests/deploy"] },
  { name: "documents", args: ["--doc", "README.md", "lib/", "tests/docs"] },
];

const BROWSER: Suite = { name: "browser", args: ["tests/browser"] };

const broken: string[] = [];
/** What failed, told once more at the end, where it is found. */
const failures: string[] = [];
const total: Count = { passed: 0, failed: 0, skipped: 0 };

for (const suite of PACKAGES) {
  if (await run(suite)) continue;
  console.error(`\nNothing was tested: ${suite.name} cannot be had`);
  Deno.exit(1);
}
if (Deno.args.length > 0) await test({ name: "these", args: Deno.args });
else await everything();

for (const failure of failures) console.error(`\nFAILED: ${failure}`);
if (broken.length > 0) console.error(`\nNot passed: ${broken.join(", ")}`);
console.log(
  `\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`,
);
Deno.exit(broken.length === 0 && total.failed === 0 ? 0 : 1);

async function everything(): Promise<void> {
  await Promise.all(CHECKS.map(check));
  for (const suite of SUITES) await test(suite);
  if (await haveChromium()) return await test(BROWSER);
  broken.push("browser");
  console.error(
    "\n!!! LEFT OUT: the browser tests. There is no Chromium here and it could" +
      "\n!!! not be installed. Install it (Debian: apt-get install chromium) or" +
      "\n!!! name its program in the variable CHROMIUM.\n",
  );
}

async function run({ name, args }: Suite): Promise<boolean> {
  console.log(`\n--- ${name}`);
  const { success } = await deno(args).spawn().status;
  if (success) console.log(`ok: ${name}`);
  return success;
}

/** Runs a check beside others: what it says comes in one piece. */
async function check({ name, args }: Suite): Promise<void> {
  const { success, stdout, stderr } = await deno(args, "piped").output();
  const decoder = new TextDecoder();
  console.log(
    `\n--- ${name}\n${decoder.decode(stdout)}${decoder.decode(stderr)}${
      success ? `ok: ${name}` : `not passed: ${name}`
    }`,
  );
  if (!success) broken.push(name);
}

async function test({ name, args }: Suite): Promise<void> {
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  const passed = await run({
    name,
    args: [
      "test",
      "-A",
      LOCK,
      "--quiet",
      "--no-check",
      `--junit-path=${report}`,
      ...args,
    ],
  });
  const text = await Deno.readTextFile(report);
  const count = countOf(text);
  failures.push(...failuresOf(text));
  await Deno.remove(report);
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
  console.log(
    `${name}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`,
  );
  if (!passed || count.passed === 0) broken.push(name);
}

function deno(
  args: readonly string[],
  output: "inherit" | "piped" = "inherit",
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    stdout: output,
    stderr: output,
  });
}

/** Every file of the tests that may import a package. */
async function testFiles(): Promise<string[]> {
  const files: string[] = [];
  for await (const folder of Deno.readDir(`${ROOT}tests`)) {
    if (!folder.isDirectory) continue;
    for await (const { name } of Deno.readDir(`${ROOT}tests/${folder.name}`)) {
      if (/\.tsx?$/.test(name)) files.push(`tests/${folder.name}/${name}`);
    }
  }
  return files.sort();
}

/** Adds up the attributes of a JUnit report's `testsuites` element. */
function countOf(report: string): Count {
  const head = report.match(/<testsuites[^>]*>/)?.[0] ?? "";
  const number = (name: string): number =>
    Number(head.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
  const skipped = report.match(/<skipped\b/g)?.length ?? 0;
  const failed = number("failures") + number("errors");
  return { passed: number("tests") - failed - skipped, failed, skipped };
}

/** Names of a JUnit report's failed cases, each with the first lines of its error. */
function failuresOf(report: string): string[] {
  return [...report.matchAll(
    /<testcase name="([^"]*)" classname="([^"]*)"[^>]*>\s*<failure message="[^"]*">([^<]*)</g,
  )].map(([, name = "", file = "", error = ""]) =>
    [`${file} ${plain(name)}`, ...plain(error).split("\n").slice(0, MOST_LINES)]
      .join("\n  ")
  );
}

/** Text of XML as it is read. */
function plain(text: string): string {
  return text.replace(
    /&(\w+|#\d+);/g,
    (entity, name) => ENTITIES[name] ?? entity,
  );
}

/** Looks for Chromium, and installs Debian's where that is possible. */
async function haveChromium(): Promise<boolean> {
  if (await findChromium() !== null) return true;
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  console.log("\n--- installing Chromium");
  // Lists may be old, or one source of many may not answer: the installation
  // says whether that matters.
  await aptGet("update", "-qq");
  await aptGet("install", "-y", "-qq", "chromium");
  return await findChromium() !== null;
}

async function aptGet(...args: string[]): Promise<void> {
  try {
    await new Deno.Command("apt-get", {
      args,
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdout: "null",
    }).spawn().status;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
