import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { estimate, withFit } from "../../lib/mod.ts";
import { RELEASE } from "../../templates/release.ts";
import ts from "../../tools/package/typescript.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** What whoever runs the tests has set, but for what colours the output. */
const ENV = Object.fromEntries(
  Object.entries(Deno.env.toObject()).filter(([name]) =>
    !/COLOR|^INIT_CWD$/.test(name)
  ),
);

async function run(
  cwd: string,
  program: string,
  ...args: string[]
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    clearEnv: true,
    env: ENV,
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** A folder of a user's with the packed package installed, without a registry. */
const USER = await Deno.makeTempDir();
globalThis.addEventListener(
  "unload",
  () => Deno.removeSync(USER, { recursive: true }),
);
const built = join(USER, "built");
const made = await run(
  ROOT,
  Deno.execPath(),
  ...["run", "-A", "--lock=tests/deno.lock", "tools/package/main.ts", built],
);
assertEquals(made.code, 0, made.err);
const packed = await run(built, "npm", "pack", "--silent");
assertEquals(packed.code, 0, packed.err);
const TARBALL = join(built, packed.out.trim());
await Deno.writeTextFile(join(USER, "package.json"), `{"type": "module"}`);
const installed = await run(
  USER,
  "npm",
  ...["install", "--offline", "--no-audit", "--no-fund", TARBALL],
);
assertEquals(installed.code, 0, installed.err);

const ASKED = ["qwen3-32b", "--qlora", "--gpu", "4090"];

Deno.test("npx answers from the tarball with Node alone", async () => {
  const { code, out, err } = await run(
    USER,
    "npx",
    ...["--offline", "--yes", `file:${TARBALL}`, ...ASKED, "--json"],
  );
  assertEquals([code, err], [0, ""]);
  const answer = estimate({
    model: "qwen3-32b",
    train: { method: "qlora" },
    hardware: { gpu: "4090" },
  });
  const wanted = withFit(answer, "own");
  assertEquals(JSON.parse(out), JSON.parse(JSON.stringify(wanted)));
});

Deno.test("the installed program does what the sources do, in its own words", async () => {
  const [plain, check, help, version, bad, batch] = await Promise.all([
    run(USER, "npx", "headroom", ...ASKED),
    run(USER, "npx", "headroom", ...ASKED, "--check"),
    run(USER, "npx", "headroom", "--help"),
    run(USER, "npx", "headroom", "--version"),
    run(USER, "npx", "headroom", "frobnicate"),
    run(USER, "npx", "headroom", "estimate", "--batch", "nowhere.jsonl"),
  ]);
  assertMatch(plain.out, /^Does not fit on RTX 4090: /);
  assertEquals([check.code, check.out], [3, plain.out]);
  assertMatch(help.out, /^ {4}headroom qwen3-32b --qlora --gpu 4090$/m);
  assert(!help.out.includes("deno task"), help.out);
  assertEquals([version.code, version.out], [0, `${RELEASE}\n`]);
  assertEquals([bad.code, bad.out], [2, ""]);
  assertMatch(bad.err, /unknown command 'frobnicate'/);
  assertEquals(batch.code, 2);
  assertMatch(batch.err, /there is no such file/);
});

Deno.test("it reads a folder with a checkpoint, and the standard input", async () => {
  const config = JSON.stringify({
    model_type: "llama",
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    intermediate_size: 128,
    vocab_size: 1000,
  });
  await Deno.mkdir(join(USER, "own"), { recursive: true });
  await Deno.writeTextFile(join(USER, "own/config.json"), config);
  await Deno.writeTextFile(join(USER, "scenario.json"), `{"model": "gpt2"}`);
  const folder = await run(USER, "npx", "headroom", "./own", "--json");
  assertEquals([folder.code, folder.err], [0, ""]);
  assertEquals(JSON.parse(folder.out).model.type, "llama");
  const piped = await run(
    USER,
    "sh",
    ...["-c", "npx headroom estimate --scenario - --json < scenario.json"],
  );
  assertEquals([piped.code, piped.err], [0, ""]);
  assertEquals(JSON.parse(piped.out).scenario.model, "gpt2");
  const early = await run(USER, "sh", "-c", "npx headroom models | head -1");
  assertEquals([early.code, early.err], [0, ""]);
});

Deno.test("the library is imported by Node, and has types without any package", async () => {
  const use = `
import { estimate, GPUS } from "headroom";
import type { Estimate, ScenarioInput } from "headroom";
const input: ScenarioInput = { model: "gpt2", train: { method: "lora" } };
const answer: Estimate = estimate(input);
const batch: number = answer.scenario.train.micro_batch;
// @ts-expect-error it is a number
const text: string = answer.memory.device_peak_bytes;
// @ts-expect-error there is no such method
const wrong: ScenarioInput = { model: "gpt2", train: { method: "half" } };
`;
  await Deno.writeTextFile(join(USER, "use.ts"), use);
  const program = ts.createProgram([join(USER, "use.ts")], {
    strict: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
  });
  const found = ts.getPreEmitDiagnostics(program).map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, "\n")
  );
  assertEquals(found, []);
  await Deno.writeTextFile(
    join(USER, "use.js"),
    `import { estimate, withFit } from "headroom";
console.log(String(estimate({ model: "gpt2" }).memory.device_peak_bytes));`,
  );
  const { out, err } = await run(USER, "node", "use.js");
  assertEquals([out.trim(), err], [
    `${estimate({ model: "gpt2" }).memory.device_peak_bytes}`,
    "",
  ]);
});
