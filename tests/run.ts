/**
 * Runs everything that says whether the project is sound, one step after the
 * other, and ends with the number of tests on a line of its own.
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

const CHECKS: Suite[] = [
  { name: "format", args: ["fmt", "--check", "--quiet"] },
  { name: "lint", args: ["lint", "--quiet"] },
  { name: "types", args: ["check", "--quiet"] },
];

const SUITES: Suite[] = [
  { name: "library", args: ["tests/lib"] },
  { name: "Hub", args: ["tests/hub"] },
  { name: "HTTP", args: ["tests/http"] },
  { name: "command line", args: ["tests/cli"] },
  { name: "deployment", args: ["tests/deploy"] },
  { name: "documents", args: ["--doc", "README.md", "lib/", "tests/docs"] },
];

const BROWSER: Suite = { name: "browser", args: ["tests/browser"] };

const broken: string[] = [];
for (const check of CHECKS) if (!await run(check)) broken.push(check.name);

const total: Count = { passed: 0, failed: 0, skipped: 0 };
for (const suite of SUITES) await test(suite);
if (await haveChromium()) await test(BROWSER);
else {
  broken.push("browser");
  console.error(
    "\n!!! LEFT OUT: the browser tests. There is no Chromium here and it could" +
      "\n!!! not be installed. Install it (Debian: apt-get install chromium) or" +
      "\n!!! name its program in the variable CHROMIUM.\n",
  );
}

if (broken.length > 0) console.error(`\nNot passed: ${broken.join(", ")}`);
console.log(
  `\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`,
);
Deno.exit(broken.length === 0 && total.failed === 0 ? 0 : 1);

async function run({ name, args }: Suite): Promise<boolean> {
  console.log(`\n--- ${name}`);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
  })
    .spawn().status;
  if (success) console.log(`ok: ${name}`);
  return success;
}

async function test({ name, args }: Suite): Promise<void> {
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  const passed = await run({
    name,
    args: [
      "test",
      "-A",
      "--quiet",
      "--no-check",
      `--junit-path=${report}`,
      ...args,
    ],
  });
  const count = countOf(await Deno.readTextFile(report));
  await Deno.remove(report);
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
  console.log(
    `${name}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`,
  );
  if (!passed || count.passed === 0) broken.push(name);
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

/** Looks for Chromium, and installs Debian's where that is possible. */
async function haveChromium(): Promise<boolean> {
  if (await findChromium() !== null) return true;
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  console.log("\n--- installing Chromium");
  for (
    const args of [["update", "-qq"], ["install", "-y", "-qq", "chromium"]]
  ) {
    try {
      const { success } = await new Deno.Command("apt-get", {
        args,
        env: { DEBIAN_FRONTEND: "noninteractive" },
        stdout: "null",
      }).spawn().status;
      if (!success) return false;
    } catch {
      return false;
    }
  }
  return await findChromium() !== null;
}
