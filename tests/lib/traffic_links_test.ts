import { assert, assertEquals } from "@std/assert";
import { trafficTime } from "../../lib/mod.ts";
import { busFactor } from "../../lib/parallel/collective.ts";
import { networkShare } from "../../lib/parallel/groups.ts";
import { traffic } from "./traffic.ts";

Deno.test("a collective's factor is that of NCCL's tests", () => {
  // nccl-tests, doc/PERFORMANCE.md, Summary, at n = 8.
  assertEquals(busFactor("all-reduce", 8), 14 / 8);
  assertEquals(busFactor("reduce-scatter", 8), 7 / 8);
  assertEquals(busFactor("all-gather", 8), 7 / 8);
  assertEquals(busFactor("all-to-all", 8), 7 / 8);
  assertEquals(busFactor("send and receive", 8), 1);
  assertEquals(busFactor("all-reduce", 1), 0);
});

Deno.test("a ring over nodes leaves a node once, and its GPUs take turns", () => {
  const ring = { axis: "data", size: 16, stride: 1, shape: "ring" } as const;
  assertEquals(networkShare(ring, 16, 8), 1 / 8);
  assertEquals(networkShare({ ...ring, stride: 8 }, 128, 8), 1);
  assertEquals(networkShare({ ...ring, size: 8 }, 64, 8), 0);
  assertEquals(networkShare(ring, 16, 16), 0);
  // Groups of four on nodes of six: every other one straddles two nodes.
  assertEquals(networkShare({ ...ring, size: 4 }, 24, 6), 1 / 2);
  const all = { ...ring, shape: "all" } as const;
  assertEquals(networkShare(all, 16, 8), 8 / 15);
  const line = { ...ring, size: 4, stride: 8, shape: "line" } as const;
  assertEquals(networkShare(line, 32, 8), 1);
  assertEquals(networkShare({ ...line, stride: 2 }, 8, 4), 1 / 2);
});

Deno.test("what leaves the node and what does not sum to what is sent", () => {
  const sent = traffic(
    {
      parallel: { gpus: 64, tp: 2, pp: 2, ep: 8, sequence_parallel: true },
      engine: { name: "megatron" },
    },
    "mistralai/Mixtral-8x7B-v0.1",
  );
  let sum = 0;
  for (const each of sent.flows) {
    assertEquals(each.node_bytes + each.network_bytes, each.sent_bytes);
    assert(Number.isInteger(each.sent_bytes) && each.sent_bytes > 0);
    sum += each.sent_bytes;
  }
  assertEquals(sent.sent_bytes, sum);
  assertEquals(sent.node_bytes + sent.network_bytes, sum);
});

Deno.test("one GPU and serving send nothing per step", () => {
  assertEquals(traffic({}).flows, []);
  assertEquals(
    traffic({ task: "serve", parallel: { gpus: 2, tp: 2 } }).flows,
    [],
  );
});

Deno.test("a step takes at least its bytes over the slower link", () => {
  const bytes = { node_bytes: 450e9, network_bytes: 100e9 };
  assertEquals(trafficTime(bytes, { node: 450, network: 50 }), {
    node_seconds: 1,
    network_seconds: 2,
    at_least_seconds: 2,
  });
  assertEquals(
    trafficTime(bytes, { node: 450, network: null }).at_least_seconds,
    1,
  );
  const none = { node: null, network: null };
  assertEquals(trafficTime(bytes, none).at_least_seconds, null);
  // Nothing is known of a link that all of it runs over.
  assertEquals(
    trafficTime({ node_bytes: 0, network_bytes: 1 }, {
      node: 450,
      network: null,
    }).at_least_seconds,
    null,
  );
});
