import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { trafficTime } from "../../lib/mod.ts";
import { busFactor } from "../../lib/traffic/collective.ts";
import { networkShare } from "../../lib/traffic/placement.ts";
import { BF16, flow, PSI, traffic } from "./sent.ts";

Deno.test("a collective's factor is that of NCCL's tests", () => {
  // nccl-tests, doc/PERFORMANCE.md, Summary, at n = 8.
  assertEquals(busFactor("all-reduce", 8), 14 / 8);
  assertEquals(busFactor("reduce-scatter", 8), 7 / 8);
  assertEquals(busFactor("all-gather", 8), 7 / 8);
  assertEquals(busFactor("all-to-all", 8), 7 / 8);
  assertEquals(busFactor("send and receive", 8), 1);
  assertEquals(busFactor("all-reduce", 1), 0);
});

Deno.test("DDP sends 2Ψ(n-1)/n", () => {
  // ZeRO (arXiv:1910.02054), 7.1: a reduce-scatter and an all-gather of Ψ.
  const { sent_bytes, received_bytes, flows } = traffic({
    parallel: { gpus: 4 },
    engine: { name: "ddp" },
  });
  assertEquals(flows.length, 1);
  assertEquals(sent_bytes, 20_215_246_848);
  assertEquals(sent_bytes, 2 * BF16 * 3 / 4);
  assertEquals(received_bytes, sent_bytes);
});

for (
  const engine of [
    { name: "deepspeed", zero_stage: 3 },
    { name: "fsdp", sharding: "full" },
    { name: "fsdp2", sharding: "full" },
  ] as const
) {
  Deno.test(`${engine.name} with sharded parameters sends 3Ψ(n-1)/n`, () => {
    // ZeRO, 7.2.2: 1.5 times what plain data parallelism sends.
    const { sent_bytes } = traffic({ parallel: { gpus: 8 }, engine });
    assertEquals(sent_bytes, 35_376_681_984);
    assertEquals(sent_bytes, 3 * BF16 * 7 / 8);
  });
}

for (
  const [name, engine] of [
    ["FSDP's grad_op", { name: "fsdp", sharding: "grad_op" }],
    ["Megatron's distributed optimizer", { name: "megatron" }],
  ] as const
) {
  Deno.test(`${name} sends 2Ψ(n-1)/n, as the ZeRO paper's stages 1 and 2`, () => {
    // ZeRO, 7.2.1.
    const { sent_bytes, flows } = traffic({
      precision: { weights: "fp32" },
      parallel: { gpus: 8 },
      engine,
    });
    assertEquals(
      flows.map(({ collective }) => collective).sort(),
      ["all-gather", "reduce-scatter"],
    );
    assertEquals(sent_bytes, 2 * 4 * PSI * 7 / 8);
  });
}

Deno.test("DeepSpeed's stages 1 and 2 all-reduce their buckets, and say so", () => {
  for (const zero_stage of [1, 2]) {
    const sent = traffic({
      parallel: { gpus: 8 },
      engine: { name: "deepspeed", zero_stage },
    });
    assertEquals(flow(sent, "gradients").collective, "all-reduce");
    assertEquals(sent.sent_bytes, 3 * BF16 * 7 / 8);
    assertStringIncludes(
      sent.assumptions.join("\n"),
      "use_multi_rank_bucket_allreduce",
    );
  }
});

Deno.test("FSDP's hybrid gathers in the node and all-reduces shards between nodes", () => {
  const sent = traffic({
    parallel: { gpus: 32, gpus_per_node: 8 },
    engine: { name: "fsdp", sharding: "hybrid" },
  });
  assertEquals(sent.node_bytes, 3 * BF16 * 7 / 8);
  assertEquals(sent.network_bytes, 2 * (BF16 / 8) * 3 / 4);
});

Deno.test("gradients that stay whole are reduced once a step, sharded ones in every micro step", () => {
  const sent = (engine: ScenarioInput["engine"], steps: number) =>
    traffic({
      train: { gradient_accumulation: steps },
      parallel: { gpus: 8 },
      engine: engine ?? {},
    }).sent_bytes;
  const ddp = { name: "ddp" } as const;
  const zero1 = { name: "deepspeed", zero_stage: 1 } as const;
  const zero2 = { name: "deepspeed", zero_stage: 2 } as const;
  const fsdp = { name: "fsdp" } as const;
  assertEquals(sent(ddp, 16), sent(ddp, 1));
  assertEquals(sent(zero1, 16), sent(zero1, 1));
  // The updated parameters are gathered once.
  assertEquals(sent(zero2, 16) - sent(zero2, 1), 15 * 2 * BF16 * 7 / 8);
  assertEquals(sent(fsdp, 16), 16 * sent(fsdp, 1));
});

Deno.test("LoRA reduces what trains alone, but gathers all that is sharded", () => {
  const lora = { method: "lora", lora: { rank: 16 } } as const;
  // PEFT's default targets, q_proj and v_proj: 32 x 2 x 16 x (4096 + 4096).
  const trainable = 32 * 2 * 16 * (4096 + 4096);
  const ddp = traffic({
    train: lora,
    parallel: { gpus: 8 },
    engine: { name: "ddp" },
  });
  assertEquals(ddp.sent_bytes, 2 * 4 * trainable * 7 / 8);
  const fsdp = traffic({
    train: lora,
    parallel: { gpus: 8 },
    engine: { name: "fsdp" },
  });
  assertEquals(
    flow(fsdp, "parameters").message_bytes,
    2 * (PSI + trainable),
  );
  assertEquals(flow(fsdp, "gradients").message_bytes, 2 * trainable);
});

Deno.test("quantised weights are gathered packed", () => {
  const { flows, assumptions } = traffic({
    train: { method: "qlora" },
    parallel: { gpus: 8 },
    engine: { name: "fsdp" },
  });
  const gathered = flows.find(({ collective }) => collective === "all-gather");
  assert(gathered && gathered.message_bytes < PSI);
  assertStringIncludes(assumptions.join("\n"), "packed");
});

Deno.test("gradients travel in the type that the engine reduces them in", () => {
  const gradients = (input: Omit<ScenarioInput, "model">): number =>
    flow(traffic({ parallel: { gpus: 8 }, ...input }), "gradients")
      .message_bytes / PSI;
  assertEquals(gradients({ engine: { name: "ddp" } }), 2);
  assertEquals(
    gradients({
      engine: { name: "ddp" },
      precision: { weights: "fp32", autocast: "bf16" },
    }),
    4,
  );
  assertEquals(
    gradients({
      engine: { name: "fsdp" },
      precision: { weights: "fp32", autocast: "bf16" },
    }),
    2,
  );
  assertEquals(
    gradients({ engine: { name: "ddp" }, precision: { gradients: "fp32" } }),
    4,
  );
  assertEquals(gradients({ engine: { name: "megatron" } }), 4);
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
