import { assert, assertEquals, assertMatch } from "@std/assert";
import { FLAGS } from "../../lib/mod.ts";
import { headroom, headroomEach } from "./headroom.ts";

Deno.test("estimate --help lists every flag and shows examples", async () => {
  const { code, out, err } = await headroom(["estimate", "--help"]);
  assertEquals([code, err], [0, ""]);
  const words = new Set(out.split(/\s+/));
  const own = [
    "--scenario",
    "--batch",
    "--json",
    "--set",
    "--opinions",
    "--probe",
  ];
  for (const name of [...FLAGS.map(({ name }) => name), ...own]) {
    assert(words.has(name), `${name} is not in the help`);
  }
  assertMatch(out, /^Examples:$/m);
  assertMatch(out, /deno task estimate --model meta-llama\/Llama-2-7b-hf/);
  assertMatch(out, /Exit status: 0/);
  for (const line of out.split("\n")) assert(line.length <= 100, line);
});

Deno.test("estimate --help shows examples that run", async () => {
  const { out } = await headroom(["estimate", "--help"]);
  const lines = [
    ...out.replaceAll(/\\\n\s*/g, "").matchAll(
      /^ +deno task (estimate --model .+)$/gm,
    ),
  ].map(([, line = ""]) =>
    [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, a, b]) => a ?? b ?? "")
  );
  assert(lines.length >= 3);
  for (const { code, err } of await headroomEach(lines)) {
    assertEquals([code, err], [0, ""]);
  }
});

Deno.test("headroom without a known command exits with 2", async () => {
  const results = await headroomEach([["frobnicate"], [], ["--bogus"]]);
  for (const { code, out, err } of results) {
    assertEquals([code, out], [2, ""]);
    assert(err !== "");
  }
  assertMatch(results[0]?.err ?? "", /unknown command 'frobnicate'/);
  assertMatch(results[1]?.err ?? "", /estimate .*\n[^]*models .*\n[^]*gpus /);
});

Deno.test("headroom --help names its commands and exits with 0", async () => {
  const { code, out } = await headroom(["--help"]);
  assertEquals(code, 0);
  for (const name of ["estimate", "models", "gpus"]) {
    assertMatch(out, RegExp(`^ +${name} `, "m"));
  }
});

Deno.test("models does not mind a reader that stops early", async () => {
  const shell = new Deno.Command("sh", {
    args: [
      "-c",
      '"$0" run --no-prompt -R cli.ts models | head -n 1',
      Deno.execPath(),
    ],
    cwd: new URL("../../", import.meta.url),
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout, stderr } = await shell.output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stderr), "");
  assertEquals(decoder.decode(stdout).trim().split("\n").length, 1);
});
