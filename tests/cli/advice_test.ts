import { assert, assertEquals, assertMatch } from "@std/assert";
import { advised } from "../lib/advice.ts";
import { headroom } from "./headroom.ts";

const ARGS = [
  "estimate",
  ...["--model", "Qwen/Qwen3-32B", "--qlora", "true", "--gpu", "RTX 4090"],
];

Deno.test("estimate --advice says in words what would help", async () => {
  const { code, out, err } = await headroom([...ARGS, "--advice"]);
  assertEquals([code, err], [0, ""]);
  const said = out.slice(out.indexOf("What would help"));
  assertMatch(said, /The cheapest that is enough: fits, [\d.]+ GiB/);
  assertMatch(said, /Not enough alone: [\d.]+ GiB, [\d.]+ GiB less\. /);
  assertMatch(said, /The smallest GPU that holds it unchanged: /);
  // What it says to set is what is then enough.
  const flags = /--set \S+( --set \S+)*/.exec(said)?.[0].split(" ") ?? [];
  const after = await headroom([...ARGS, ...flags, "--json"]);
  assert(JSON.parse(after.out).fit[0].fits, flags.join(" "));
});

Deno.test("estimate --advice --json gives what the library does", async () => {
  const { out } = await headroom([...ARGS, "--advice", "--json"]);
  const expected = advised({
    model: "Qwen/Qwen3-32B",
    train: { method: "qlora" },
    hardware: { gpu: "RTX 4090" },
  });
  assertEquals(
    JSON.parse(out).advice,
    JSON.parse(JSON.stringify(expected)),
  );
});

Deno.test("estimate --advice says so where nothing has to change", async () => {
  const { out } = await headroom(["estimate", "--model", "gpt2", "--advice"]);
  assertMatch(out, /Nothing has to change/);
});

Deno.test("estimate --batch takes no --advice", async () => {
  const { code, err } = await headroom(
    ["estimate", "--batch", "-", "--advice"],
    { stdin: "" },
  );
  assertEquals(code, 2);
  assertMatch(err, /--batch takes no other flags/);
});
