import { assertEquals, assertMatch } from "@std/assert";
import { headroom } from "./headroom.ts";

Deno.test("estimate lists the classes of ranks, and answers for one of them", async () => {
  const stages = [
    "estimate",
    "--model",
    "meta-llama/Llama-3.1-8B",
    "--gpus",
    "16",
    "--tp",
    "2",
    "--pp",
    "4",
    "--set",
    "engine.name=megatron",
  ];
  const { code, out } = await headroom(stages);
  assertEquals(code, 0);
  assertMatch(out, /^Fits on 16 × .* per GPU \(\d+ %\)/m);
  for (const stage of [0, 1, 2, 3]) {
    assertMatch(out, new RegExp(`^pp ${stage} +4 .*GiB .*GiB `, "m"));
  }
  const asked = await headroom([...stages, "--global-rank", "12"]);
  assertEquals(asked.code, 0);
  assertMatch(asked.out, /the answer is that of rank 12/);
});

Deno.test("estimate says what the host holds", async () => {
  const { code, out } = await headroom([
    "estimate",
    "--model",
    "gpt2",
    "--gpus",
    "2",
    "--set",
    "engine.name=fsdp2",
    "--set",
    "engine.offload_parameters=cpu",
    "--set",
    "engine.offload_optimizer=cpu",
  ]);
  assertEquals(code, 0);
  assertMatch(out, /^Host memory per node: .*, .* of it page-locked$/m);
  assertMatch(out, /^ {2}- weights .*: 2 GPUs × /m);
});
