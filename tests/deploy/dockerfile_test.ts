import { assert, assertEquals, assertMatch } from "@std/assert";
import dockerfile from "../../Dockerfile" with { type: "text" };
import ignored from "../../.dockerignore" with { type: "text" };
import config from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

/** The instructions in order, each as a word and the rest of its line. */
const steps = dockerfile.replaceAll(/\\\n\s*/g, "").split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line): [string, string] => {
    const [, word = "", rest = ""] = line.match(/^([A-Z]+) (.+)$/) ?? [];
    return [word, rest];
  });

/** What the image holds, by its path in the project. */
const copied = all("COPY").flatMap((rest) => rest.split(" ").slice(0, -1));
const [cmd = "[]"] = all("CMD");
const args: string[] = JSON.parse(cmd);

function all(word: string): string[] {
  return steps.filter(([it]) => it === word).map(([, rest]) => rest);
}

Deno.test("the Dockerfile starts from a Deno of one version", () => {
  assertEquals(all("FROM").length, 1);
  assertMatch(all("FROM")[0] ?? "", /^denoland\/deno:(\w+-)?2\.\d+\.\d+$/);
});

Deno.test("the Dockerfile has the user and the port of a Space", () => {
  assertEquals(all("USER"), ["1000"]);
  assertEquals(all("EXPOSE"), ["7860"]);
  assertMatch(all("ENV").join(" "), /DENO_SERVE_ADDRESS=tcp:0\.0\.0\.0:7860/);
  const order = steps.map(([word]) => word);
  assert(order.lastIndexOf("RUN") < order.indexOf("USER"), "USER comes last");
});

Deno.test("the Dockerfile's CMD asks for few permissions and no network", () => {
  assertEquals(args.slice(0, 2), ["deno", "run"]);
  assertEquals(args.at(-1), "main.ts");
  assert(args.includes("--cached-only"));
  assert(args.includes("--no-prompt"));
  assertEquals(args.filter((arg) => arg.startsWith("--allow-")).sort(), [
    "--allow-env=PORT,HF_ENDPOINT,HF_TOKEN,HF_TOKEN_FOR_VISITORS,HF_HUB_OFFLINE,TABLES_CONFIG_DIR,LOG_TOKENS,LOG_STREAM",
    "--allow-net=0.0.0.0:7860,huggingface.co:443,*.huggingface.co:443," +
    "hf.co:443,*.hf.co:443",
    // Where a configuration of the tables page may be mounted.
    "--allow-read=/config",
  ]);
  assertEquals(args.filter((arg) => /^-[^-]/.test(arg)), []);
});

Deno.test("every source of a COPY exists and is not ignored", async () => {
  for (const path of copied) await Deno.stat(new URL(path, ROOT));
  const wanted = copied.map((path) => `!${path}`);
  assertEquals(ignored.trim().split("\n").sort(), ["*", ...wanted].sort());
});

Deno.test("everything that main.ts imports is in the image", async () => {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
    stderr: "inherit",
  }).output();
  assert(success);
  const { modules }: { modules: { specifier: string; error?: string }[] } = JSON
    .parse(new TextDecoder().decode(stdout));
  assertEquals(modules.filter(({ error }) => error), []);

  const local = modules.map(({ specifier }) => specifier)
    .filter((specifier) => specifier.startsWith("file:"));
  assert(local.includes(new URL("static/htmx.min.js", ROOT).href));
  const left = local.filter((specifier) =>
    !copied.some((path) => {
      const { href } = new URL(path, ROOT);
      return specifier === href || specifier.startsWith(`${href}/`);
    })
  );
  assertEquals(left, []);
});

Deno.test("no npm package is imported but by a pinned name", () => {
  const loose = Object.values(config.imports).filter((target) =>
    target.startsWith("npm:") && !/@\d+\.\d+\.\d+\/?$/.test(target)
  );
  assertEquals(loose, []);
});
