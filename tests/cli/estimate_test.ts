import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { estimate, formatBytes, withFit } from "../../lib/mod.ts";
import { headroom } from "./headroom.ts";
import { SCENARIO, viaJson } from "./estimates.ts";

const ESCAPE = "\x1b[";

Deno.test("estimate --json prints the library's estimate", async () => {
  const { code, out, err } = await headroom([
    ..."estimate --json --model llama2-7b --per-device-batch 2".split(" "),
    ..."--seq-len 4096 --grad-checkpoint --dp 8 --zero 2".split(" "),
  ]);
  assertEquals([code, err], [0, ""]);
  assertEquals(JSON.parse(out), viaJson(withFit(estimate(SCENARIO), "own")));
  assert(out.endsWith("}\n"));
});

Deno.test("estimate prints plain text into a pipe, colours when forced", async () => {
  const args = ["estimate", "--model", "llama2-7b"];
  const [plain, forced, none] = await Promise.all([
    headroom(args),
    headroom(args, { env: { FORCE_COLOR: "1" } }),
    headroom(args, { env: { FORCE_COLOR: "1", NO_COLOR: "1" } }),
  ]);
  assert(!plain.out.includes("\x1b"));
  assert(forced.out.includes(ESCAPE));
  assertEquals(none.out, plain.out);
  // deno-lint-ignore no-control-regex -- an escape begins a colour
  assertEquals(forced.out.replaceAll(/\x1b\[\d*m/g, ""), plain.out);
});

Deno.test("estimate --opinions shows what the other methods say", async () => {
  const args = ["estimate", "--model", "llama2-7b", "--opinions"];
  const { code, out } = await headroom(args);
  assertEquals(code, 0);
  assertMatch(out, /^Second opinions, beside timeline$/m);
  assertMatch(out, /^ {2}- factors: \d+\.\d\d GiB, \d+\.\d % (more|less)$/m);
  const { opinions } = JSON.parse((await headroom([...args, "--json"])).out);
  assertEquals(opinions[0].method, "factors");
});

Deno.test("estimate prints parts, peak, verdict and assumptions", async () => {
  const { out } = await headroom(["estimate", "--model", "llama2-7b"]);
  const { memory } = estimate({ model: "llama2-7b" });
  for (const { name, formula, basis } of memory.parts) {
    const line = out.split("\n").find((each) => each.startsWith(`${name}  `));
    assert(line?.includes(formula), name);
    assert(line?.includes(basis), name);
  }
  const line = (name: string) =>
    out.split("\n").find((each) => each.startsWith(name)) ?? "";
  assert(memory.allocated_peak_bytes !== null);
  const [allocated, device] = [
    memory.allocated_peak_bytes,
    memory.device_peak_bytes,
  ].map(formatBytes);
  assertStringIncludes(line("Allocated peak"), `${allocated}`);
  assertStringIncludes(line("Allocated peak"), memory.binding);
  assertStringIncludes(line("Peak per GPU"), `${device}`);
  assertMatch(out, /^cached by the allocator {2,}\d/m);
  assertMatch(out, /^CUDA context and libraries {2,}\d/m);
  assertStringIncludes(out, `on A100-80GB: ${device} of 79.`);
  assertStringIncludes(out, `What binds: ${memory.binding}\n  - `);
  assertMatch(out, /^Assumptions\n {2}- /m);
  assert(!/ +$/m.test(out), "a line ends with spaces");
});

Deno.test("estimate takes the library's defaults for what no flag says", async () => {
  const { out } = await headroom([
    "estimate",
    ...["--model", "Qwen/Qwen3-32B", "--qlora", "--gpu", "RTX 4090", "--json"],
  ]);
  const { scenario, memory, assumptions } = JSON.parse(out);
  const wanted = estimate({
    model: "Qwen/Qwen3-32B",
    train: { method: "qlora" },
    hardware: { gpu: "RTX 4090" },
  });
  assertEquals(scenario, wanted.scenario);
  assertEquals(memory, JSON.parse(JSON.stringify(wanted.memory)));
  assertEquals(assumptions, wanted.assumptions);
});

Deno.test("JSON tells of the scenario's own GPU, and of all where they are asked for", async () => {
  const fitOf = async (...flags: string[]): Promise<{ gpu: string }[]> => {
    const { code, out, err } = await headroom(["estimate", ...flags]);
    assertEquals([code, err], [0, ""]);
    return JSON.parse(out).fit;
  };
  const one = ["gpt2", "--gpu", "RTX 4090", "--json"];
  const [own, ...others] = await fitOf(...one);
  assertEquals([own?.gpu, others], ["RTX 4090", []]);
  const all = await fitOf(...one, "--fit", "all");
  assertEquals(all[0], own);
  assert(all.length > 100);
  for (
    const [flags, message] of [
      [["--json", "--fit", "some"], /--fit must be own or all.*"some"/],
      [["--fit", "all"], /--fit needs --json or --batch/],
    ] as const
  ) {
    const { code, err } = await headroom(["estimate", "gpt2", ...flags]);
    assertEquals(code, 2);
    assertMatch(err, message);
  }
});
