import { assert, assertEquals, assertMatch } from "@std/assert";
import { headroomEach } from "./headroom.ts";

Deno.test("strategies begins with the verdict, and lists ways with why others cannot be", async () => {
  const asked = [
    "strategies",
    "qwen2.5-7b",
    "--gpus",
    "8",
    "--gpu",
    "A100-80GB",
  ];
  const [text, json, served, bad, none] = await headroomEach([
    asked,
    [...asked, "--json"],
    [
      ...["strategies", "llama3.1-70b", "--task", "serve", "--gpus", "8"],
      ...["--set", "serve.engine=vllm"],
    ],
    ["strategies", "qwen2.5-7b", "--gpus", "0"],
    ["strategies"],
  ]);
  assertEquals([text?.code, text?.err], [0, ""]);
  const { rows } = JSON.parse(json?.out ?? "");
  // deno-lint-ignore no-explicit-any
  const played = rows.filter(({ reason }: any) => reason === null);
  // deno-lint-ignore no-explicit-any
  const fitting = played.filter(({ fits }: any) => fits).length;
  assertMatch(
    text?.out ?? "",
    RegExp(
      `^Fits on 8 × A100-80GB: ${fitting} of ${played.length} ways do\\.\n`,
    ),
  );
  assertMatch(text?.out ?? "", /^The simplest that fits: DDP, .*\n {2}--set /m);
  assertMatch(text?.out ?? "", /^What cannot be\n {2}- Megatron-LM: TP 8: /m);
  assertMatch(served?.out ?? "", /Cache tokens +Smallest GPU/);
  assertMatch(served?.out ?? "", / TP 2 × PP 2 × DP 2$/m);
  assertEquals([bad?.code, bad?.out], [2, ""]);
  assertMatch(bad?.err ?? "", /--gpus must be at least 1/);
  assertEquals(none?.code, 2);
  assert((none?.err ?? "").includes("--model is missing"));
});
