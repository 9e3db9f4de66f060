import { assert, assertEquals, assertMatch } from "@std/assert";
import { headroom, headroomEach } from "./headroom.ts";

const CASES = [
  {
    id: "sure",
    group: "mine",
    confidence: "high",
    scenario: { model: "gpt2" },
    measured: { bytes: 5e9, what: "device_peak" },
    source: "me",
  },
  {
    id: "unheard-of",
    group: "mine",
    confidence: "low",
    scenario: { model: "nobody/nothing" },
    measured: { bytes: 5e9, what: "allocated_peak" },
    source: "me",
  },
  {
    name: "traced",
    scenario: { model: "gpt2" },
    bytes: { load: 5e8, forward: 2e9, steady: 1e9 },
  },
];

Deno.test("accuracy scores the project's own cases, every method and group", async () => {
  const { code, out, err } = await headroom(["accuracy"]);
  assertEquals([code, err], [0, ""]);
  assertMatch(out, /^926 cases: 908 measured figures and 18 traced steps$/m);
  assertMatch(out, /^factors\* +926 +924 .* %/m);
  assertMatch(out, /^The aim: training on one GPU/m);
  assertMatch(out, /^device_peak +factors +170 +170 /m);
  assertMatch(out, /^torchtitan +reserved_peak +factors\* +42 +42 /m);
  assertMatch(out, /^traced_steps +step_steady +factors\* +18 +18 /m);
  assertMatch(out, /^ {2}- ds-autotp-facebook-opt-13b-1$/m);
  assertMatch(out, /knows one total only/);
});

Deno.test("accuracy --cases --json tells each prediction, or why there is none", async () => {
  const { code, out, err } = await headroom(
    ["accuracy", "--json", "--cases", "-"],
    { stdin: JSON.stringify(CASES) },
  );
  assertEquals([code, err], [0, ""]);
  const found = JSON.parse(out);
  const own = found.predictions.filter(
    ({ method }: { method: string }) => method === "factors",
  );
  assertEquals(found.cases, 3);
  const byName = new Map<string, Record<string, unknown>>(
    own.map((each: { id: string; counter: string }) => [
      `${each.id} ${each.counter}`,
      each,
    ]),
  );
  assertEquals([...byName.keys()], [
    "sure device_peak",
    "unheard-of allocated_peak",
    "traced step_peak",
    "traced step_load",
    "traced step_forward",
    "traced step_steady",
  ]);
  const sure = byName.get("sure device_peak");
  assertEquals(sure?.["error"], Number(sure?.["predicted_bytes"]) / 5e9 - 1);
  assertEquals(sure?.["basis"], "own");
  assertEquals(byName.get("traced step_peak")?.["basis"], "one total");
  const lost = byName.get("unheard-of allocated_peak");
  assertEquals(lost?.["predicted_bytes"], null);
  assertMatch(String(lost?.["reason"]), /nobody\/nothing/);
  assertEquals(
    [found.overall[0].cases, found.overall[0].predicted],
    [3, 2],
  );
  const ids = found.not_predicted.flatMap(({ ids }: { ids: string[] }) => ids);
  assertEquals(ids.includes("unheard-of"), true);
});

Deno.test("accuracy --cases names what it could not predict", async () => {
  const { code, out } = await headroom(["accuracy", "--cases", "-"], {
    stdin: JSON.stringify(CASES),
  });
  assertEquals(code, 0);
  assertMatch(out, /^3 cases: 2 measured figures and 1 traced steps$/m);
  assertMatch(out, /nobody\/nothing.*\n {2}- unheard-of$/m);
});

const WRONG: [args: string[], stdin: string, message: RegExp][] = [
  [["--cases", "/no/such/file"], "", /no such file/],
  [["--cases", "-"], "{", /--cases must be JSON/],
  [["--cases", "-"], "{}", /--cases: The cases must be a list/],
  [["--cases", "-"], '[{"id": "a"}]', /cases\.0\.group must be a string/],
  [["--cases", "-", "--write"], "[]", /--write takes no --cases/],
  [["--jsn"], "", /unknown option '--jsn'/],
];

Deno.test("accuracy refuses what it cannot use with 2 and a reason", async () => {
  for (const [args, stdin, message] of WRONG) {
    const { code, out, err } = await headroom(["accuracy", ...args], { stdin });
    assertEquals([code, out], [2, ""], args.join(" "));
    assertMatch(err, message);
  }
});

Deno.test("accuracy scores no cases as none", async () => {
  const { code, out } = await headroom(["accuracy", "--cases", "-"], {
    stdin: "[]",
  });
  assertEquals(code, 0);
  assertMatch(out, /^0 cases/);
  assertMatch(out, /no such case/);
});

Deno.test("estimate --evidence shows three measured runs, as text and as JSON", async () => {
  const args = ["estimate", "--model", "mistralai/Mistral-7B-v0.1", "--lora"];
  const [without, text, json] = await headroomEach([
    args,
    [...args, "--evidence"],
    [...args, "--evidence", "--json"],
  ]);
  assert(!without?.out.includes("Nearest measured runs"));
  const block =
    text?.out.split("\n\n").find((each) =>
      each.startsWith("Nearest measured runs")
    ) ?? "";
  assertEquals(block.match(/^ {2}- /gm)?.length, 3);
  assertMatch(block, /predicted [\d.]+ % (more|less)/);
  assertMatch(block, /^ {4}https:\/\/github\.com\//m);
  const { evidence } = JSON.parse(json?.out ?? "");
  assertEquals(evidence.length, 3);
  for (const { readings, source } of evidence) {
    assert(readings.length > 0 && source.text !== "");
  }
});

Deno.test("estimate --batch refuses --evidence", async () => {
  const { code, err } = await headroom(
    ["estimate", "--batch", "-", "--evidence"],
    { stdin: "" },
  );
  assertEquals(code, 2);
  assertMatch(err, /--batch takes no other flags/);
});
