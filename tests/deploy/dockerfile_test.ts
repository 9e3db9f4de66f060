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
    "--allow-env=PORT,HF_ENDPOINT,HF_TOKEN,HF_TOKEN_FOR_VISITORS,HF_HUB_OFFLINE,OAUTH_CLIENT_ID,OAUTH_CLIENT_SECRET,OAUTH_SCOPES,OPENID_PROVIDER_URL,SPACE_HOST,TABLES_CONFIG_DIR,LIMIT_CLIENTS,TRUST_PROXY,EMBED_ANCESTORS,LOG_REQUESTS,LOG_QUERY,LOG_TOKENS,LOG_STREAM",
    "--allow-net=0.0.0.0:7860,huggingface.co:443,*.huggingface.co:443," +
    "hf.co:443,*.hf.co:443",
    // Where a configuration of the tables page may be mounted, and what the
    // workers are made of: a worker's modules must be readable.
    "--allow-read=/config,app.ts,docs,hub,lib,routes,static,templates",
  ]);
  assertEquals(args.filter((arg) => /^-[^-]/.test(arg)), []);
});

Deno.test("every source of a COPY exists and is not ignored", async () => {
  for (const path of copied) await Deno.stat(new URL(path, ROOT));
  const wanted = copied.map((path) => `!${path}`);
  assertEquals(ignored.trim().split("\n").sort(), ["*", ...wanted].sort());
});

/** Programs that the image runs: the server, and each of its workers. */
const ENTRYPOINTS = ["main.ts", "routes/pool/worker.ts"];

/** The project's files that a program imports, by their path. */
async function importsOf(entrypoint: string): Promise<string[]> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entrypoint],
    cwd: ROOT,
    stderr: "inherit",
  }).output();
  assert(success);
  const { modules }: { modules: { specifier: string; error?: string }[] } = JSON
    .parse(new TextDecoder().decode(stdout));
  assertEquals(modules.filter(({ error }) => error), []);
  return modules.flatMap(({ specifier }) =>
    specifier.startsWith(ROOT.href) ? [specifier.slice(ROOT.href.length)] : []
  );
}

/** Those that none of the files and folders holds. */
function outside(paths: readonly string[], places: readonly string[]) {
  return paths.filter((path) =>
    !places.some((place) => path === place || path.startsWith(`${place}/`))
  );
}

Deno.test("everything that the server and its workers import is in the image", async () => {
  for (const entrypoint of ENTRYPOINTS) {
    const local = await importsOf(entrypoint);
    assert(local.includes("static/htmx.min.js"));
    assertEquals(outside(local, copied), []);
  }
});

Deno.test("every program of the image is compiled when it is built", () => {
  const cached = all("RUN").find((rest) => rest.startsWith("deno cache ")) ??
    "";
  assertEquals(cached.split(" ").slice(2), ENTRYPOINTS);
});

Deno.test("a worker's modules may be read wherever the server is started", async () => {
  const [, worker = ""] = ENTRYPOINTS;
  const local = await importsOf(worker);
  const starts = [
    args.join(" "),
    config.tasks.start.command,
    config.tasks.dev.command,
  ];
  for (const start of starts) {
    const [, places = ""] = start.match(/--allow-read=(\S+)/) ?? [];
    assertEquals(outside(local, places.split(",")), [], start);
  }
});

Deno.test("every variable that the server reads is let through and documented", async () => {
  const read = new Set<string>();
  for (
    const file of ["main.ts", "hub/mod.ts", "routes/access_log.ts"]
  ) {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    for (
      const [, name] of text.matchAll(/\b(?:environment|read)\(\s*"(\w+)"/g)
    ) {
      if (name) read.add(name);
    }
  }
  assert(read.size > 8, [...read].join());
  const docs = await Deno.readTextFile(new URL("docs/server.md", ROOT));
  for (const name of read) {
    assert(docs.includes(`\`${name}\``), `docs/server.md lacks ${name}`);
    for (
      const start of [config.tasks.start.command, config.tasks.dev.command]
    ) assert(allowed(start).includes(name), `${name}: ${start}`);
    // In the image the variable is the image's own.
    if (name === "DENO_SERVE_ADDRESS") continue;
    assert(allowed(args.join(" ")).includes(name), `Dockerfile: ${name}`);
  }
});

function allowed(command: string): string[] {
  return command.match(/--allow-env=(\S+)/)?.[1]?.split(",") ?? [];
}

Deno.test("no npm package is imported but by a pinned name", () => {
  const loose = Object.values(config.imports).filter((target) =>
    target.startsWith("npm:") && !/@\d+\.\d+\.\d+\/?$/.test(target)
  );
  assertEquals(loose, []);
});
