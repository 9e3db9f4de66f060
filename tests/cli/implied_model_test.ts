import { assert, assertEquals, assertMatch } from "@std/assert";
import { RELEASE } from "../../templates/release.ts";
import { headroom, headroomEach } from "./headroom.ts";
import changelog from "../../CHANGELOG.md" with { type: "text" };

Deno.test("a model and flags are estimated, without the command's name", async () => {
  const asked = ["--qlora", "--gpu", "4090"];
  const [implied, positional, named, flags] = await headroomEach([
    ["qwen3-32b", ...asked],
    ["estimate", "qwen3-32b", ...asked],
    ["estimate", "--model", "qwen3-32b", ...asked],
    ["--model", "qwen3-32b", ...asked],
  ]);
  assertMatch(named?.out ?? "", /Does not fit on RTX 4090/);
  for (const each of [implied, positional, flags]) {
    assertEquals([each?.code, each?.err], [0, ""]);
    assertEquals(each?.out, named?.out);
  }
});

Deno.test("a word that is no command and no model is refused, with what is near", async () => {
  const [typo, nothing, twice, path] = await headroomEach([
    ["qwem3-32b", "--qlora"],
    ["frobnicate"],
    ["gpt2", "--model", "gpt2"],
    ["./nowhere/config.json"],
  ]);
  for (const each of [typo, nothing, twice, path]) {
    assertEquals([each?.code, each?.out], [2, ""]);
  }
  assertMatch(typo?.err ?? "", /unknown command 'qwem3-32b'.*Qwen\/Qwen3-32B/);
  assertMatch(nothing?.err ?? "", /no model of the catalogue has that name\n/);
  assertMatch(twice?.err ?? "", /--model must be given once/);
  assertMatch(path?.err ?? "", /nowhere\/config\.json/);
});

Deno.test("--check ends with 3 where it does not fit, and with 0 where it does", async () => {
  const over = ["llama2-70b", "--gpu", "RTX 4090"];
  const runs = await headroomEach([
    [...over, "--check"],
    [...over, "--check", "--json"],
    over,
    ["gpt2", "--check"],
    ["gpt2", "--check", "--seq-len", "0"],
  ]);
  assertEquals(runs.map(({ code }) => code), [3, 3, 0, 0, 2]);
  assertEquals(runs[0]?.out, runs[2]?.out);
  const answer = JSON.parse(runs[1]?.out ?? "");
  assertEquals(answer.fit[0].fits, false);
});

Deno.test("--check is refused beside what estimates nothing, or many things", async () => {
  const runs = await headroomEach([
    ["gpt2", "--check", "--export", "json"],
    ["estimate", "--batch", "nothing.jsonl", "--check"],
  ]);
  for (const { code, err } of runs) {
    assertEquals(code, 2);
    assertMatch(err, /--export|--batch/);
  }
});

Deno.test("--version is the release of the changelog, or the one to come", async () => {
  const { code, out, err } = await headroom(["--version"]);
  assertEquals([code, out, err], [0, `${RELEASE}\n`, ""]);
  const [newest = "", before = ""] = [...changelog.matchAll(/^## (.*)$/gm)]
    .map(([, title = ""]) => title);
  if (newest !== "Unreleased") return assertEquals(RELEASE, newest);
  assertMatch(RELEASE, /^\d+\.\d+\.\d+-dev$/);
  assert(RELEASE.localeCompare(before, "en", { numeric: true }) > 0);
});

Deno.test("help stands in groups, those that are asked for most first", async () => {
  const [program, estimate] = await headroomEach([
    ["--help"],
    ["estimate", "--help"],
  ]);
  const titles = (text = "") =>
    [...text.matchAll(/^(\w.*):$/gm)].map(([, title]) => title);
  assertEquals(titles(program?.out).slice(0, 3), [
    "Options",
    "Will it fit",
    "From a file, a preset or a size",
  ]);
  const groups = titles(estimate?.out);
  for (const title of ["Scenario", "Answer", "Other names", "Examples"]) {
    assert(groups.includes(title), title);
  }
  const usual = estimate?.out.split(/^(?=\w.*:$)/m)
    .find((block) => block.startsWith("Most asked:")) ?? "";
  const flags = [...usual.matchAll(/^ {2}(--[\w-]+)/gm)];
  assert(flags.length > 20 && flags.length < 45, `${flags.length}`);
  for (const name of ["--model", "--qlora", "--gpu", "--seq-len"]) {
    assert(flags.some(([, flag]) => flag === name), name);
  }
  assertEquals(/--cuda-libs-gib|--batch-size/.test(usual), false);
});
