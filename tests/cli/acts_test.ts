import { assert, assertEquals, assertMatch } from "@std/assert";
import { estimate } from "../../lib/mod.ts";
import { headroom } from "./headroom.ts";

const SCENARIO = {
  model: {
    dims: {
      layers: 3,
      hidden_size: 1024,
      attention_heads: 16,
      intermediate_size: 4096,
      vocab_size: 32_000,
      tie_embeddings: false,
      gated_mlp: true,
    },
  },
  train: { checkpointing: "full" },
} as const;
const STDIN = { stdin: JSON.stringify(SCENARIO) };

Deno.test("acts lists what a GPU does, one line an act", async () => {
  const { code, out, err } = await headroom(["acts", "-"], STDIN);
  assertEquals([code, err], [0, ""]);
  const lines = out.trimEnd().split("\n");
  for (const phase of ["load", "forward", "backward", "optimizer"]) {
    assert(lines.some((line) => line.split(/ +/)[1] === phase), phase);
  }
  assertMatch(
    out,
    /^later +forward +layer 2 +run forward .* from hidden states of layer 1$/m,
  );
  assertMatch(out, /^first +optimizer +optimizer +take .*: states of adamw/m);
  assertMatch(
    lines.at(-1) ?? "",
    /^later +optimizer +optimizer +clear gradients/,
  );
});

Deno.test("acts reach the peak that an estimate answers", async () => {
  const { out } = await headroom(["acts", "-", "--json"], STDIN);
  const acts = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  let most = 0;
  let standing = 0;
  for (const { net, peak, standing: after } of acts) {
    most = Math.max(most, standing + peak);
    standing += net;
    assertEquals(after, standing);
  }
  const { memory } = estimate(SCENARIO);
  const ends = memory.parts.find(({ name }) => name === "allocator rounding");
  assertEquals(most + (ends?.bytes ?? 0), memory.allocated_peak_bytes);
  assertEquals(
    standing - acts.reduce(
      (sum: number, { what, net }: { what: string; net: number }) =>
        what.startsWith("cuBLAS") ? sum + net : sum,
      0,
    ),
    memory.allocated_steady_bytes,
  );
});

Deno.test("acts says why there are none, and what is wrong with a scenario", async () => {
  const serving = await headroom(["acts", "-", "--set", "task=serve"], STDIN);
  assertEquals(serving.code, 2);
  assertMatch(
    serving.err,
    /There are no acts to list: serving has no training step/,
  );
  const wrong = await headroom(
    ["acts", "-", "--set", "train.micro_batch=0"],
    STDIN,
  );
  assertEquals(wrong.code, 2);
  assertMatch(wrong.err, /micro_batch/);
  const list = await headroom(["acts", "-"], { stdin: "[]" });
  assertEquals(list.code, 2);
  assertMatch(list.err, /must be a scenario/);
});

Deno.test("acts of several GPUs are sent too", async () => {
  const { code, out } = await headroom(
    ["acts", "-", "--set", "parallel.gpus=2", "--set", "engine.name=ddp"],
    STDIN,
  );
  assertEquals(code, 0);
  assertMatch(out, /^later +backward +\S+ +collective all-reduce gradients/m);
});
