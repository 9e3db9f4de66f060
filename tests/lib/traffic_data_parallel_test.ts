import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { BF16, flow, LAYERS, PSI, traffic, WIDTH } from "./traffic.ts";

/** Parameters of Llama-2-7B that are in no layer. */
const AROUND = 2 * 32_000 * WIDTH + WIDTH;

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

Deno.test("ZeRO 0 sends 2Ψ(n-1)/n", () => {
  const { sent_bytes } = traffic({
    parallel: { gpus: 8 },
    engine: { name: "deepspeed", zero_stage: 0 },
  });
  assertEquals(sent_bytes, 2 * BF16 * 7 / 8);
});

for (const name of ["fsdp", "fsdp2"] as const) {
  Deno.test(`${name} with sharded parameters sends 3Ψ(n-1)/n, but for what is around the layers`, () => {
    // ZeRO, 7.2.2: 1.5 times what plain data parallelism sends. The root's own
    // parameters stay gathered from the forward to the backward pass:
    // torch/distributed/fsdp/_runtime_utils.py, _post_forward_reshard;
    // _fully_shard/_fully_shard.py, reshard_after_forward.
    const sent = traffic({
      parallel: { gpus: 8 },
      engine: { name, sharding: "full" },
    });
    assertEquals(sent.sent_bytes, (3 * BF16 - 2 * AROUND) * 7 / 8);
    assertEquals(flow(sent, "parameters").calls, 2 * LAYERS + 1);
    assertEquals(flow(sent, "gradients").calls, LAYERS + 1);
  });
}

Deno.test("fully_shard that gives the root back too sends 3Ψ(n-1)/n", () => {
  const { sent_bytes } = traffic({
    parallel: { gpus: 8 },
    engine: { name: "fsdp2", root_reshard: true },
  });
  assertEquals(sent_bytes, 3 * BF16 * 7 / 8);
});

Deno.test("ZeRO 3 sends 3Ψ(n-1)/n, but for what stays whole and what is soon used again", () => {
  const sent = (engine: NonNullable<ScenarioInput["engine"]>) =>
    traffic({
      parallel: { gpus: 8 },
      engine: { name: "deepspeed", zero_stage: 3, ...engine },
    });
  // Norms are below stage3_param_persistence_threshold: they stay whole, and are
  // gathered once, after the step. runtime/zero/stage3.py, _post_step.
  const norms = 2 * (2 * LAYERS + 1) * WIDTH;
  const never = sent({
    stage3_max_reuse_distance: 0,
    stage3_prefetch_bucket_size: 0,
  });
  assertEquals(never.sent_bytes, (3 * BF16 - norms) * 7 / 8);
  assertEquals(flow(never, "updated").message_bytes, norms);
  assertEquals(flow(never, "gradients").sent_bytes, BF16 * 7 / 8);
  // What is used again within stage3_max_reuse_distance, as the last layers are,
  // is not released: runtime/zero/partitioned_param_coordinator.py,
  // __params_to_release.
  const driven = sent({});
  assert(driven.sent_bytes < never.sent_bytes);
  assert(driven.sent_bytes > 2.5 * BF16 * 7 / 8);
});

Deno.test("FSDP's grad_op sends 2Ψ(n-1)/n, as the ZeRO paper's stages 1 and 2", () => {
  // ZeRO, 7.2.1.
  const { sent_bytes, flows } = traffic({
    precision: { weights: "fp32" },
    parallel: { gpus: 8 },
    engine: { name: "fsdp", sharding: "grad_op" },
  });
  assertEquals(
    flows.map(({ collective }) => collective).sort(),
    ["all-gather", "reduce-scatter"],
  );
  assertEquals(sent_bytes, 2 * 4 * PSI * 7 / 8);
});

Deno.test("Megatron's distributed optimizer sends 2Ψ(n-1)/n, its gradients in fp32", () => {
  const sent = (grad_reduce_in_fp32: boolean | null) =>
    traffic({
      parallel: { gpus: 8 },
      engine: { name: "megatron", grad_reduce_in_fp32 },
    });
  assertEquals(sent(false).sent_bytes, 2 * BF16 * 7 / 8);
  assertEquals(sent(null).sent_bytes, 3 * BF16 * 7 / 8);
  assertEquals(
    sent(null).flows.map(({ collective }) => collective),
    ["reduce-scatter", "all-gather"],
  );
});

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

for (const name of ["fsdp", "fsdp2"] as const) {
  Deno.test(`${name}'s hybrid gathers in the node and all-reduces shards between nodes`, () => {
    const sent = traffic({
      parallel: { gpus: 32, gpus_per_node: 8 },
      engine: { name, sharding: "hybrid" },
    });
    assertEquals(sent.node_bytes, (3 * BF16 - 2 * AROUND) * 7 / 8);
    assertEquals(sent.network_bytes, 2 * (BF16 / 8) * 3 / 4);
    assertEquals(flow(sent, "shards").ranks, 4);
  });
}

Deno.test("gradients that stay whole are reduced once a step, sharded ones in every micro step", () => {
  const sent = (engine: ScenarioInput["engine"], steps: number) =>
    traffic({
      train: { gradient_accumulation: steps },
      parallel: { gpus: 8 },
      engine: engine ?? {},
    }).sent_bytes;
  const ddp = { name: "ddp" } as const;
  const zero0 = { name: "deepspeed", zero_stage: 0 } as const;
  const zero1 = { name: "deepspeed", zero_stage: 1 } as const;
  const zero2 = { name: "deepspeed", zero_stage: 2 } as const;
  const zero3 = { name: "deepspeed", zero_stage: 3 } as const;
  const fsdp = { name: "fsdp" } as const;
  const fsdp2 = { name: "fsdp2" } as const;
  assertEquals(sent(ddp, 16), sent(ddp, 1));
  assertEquals(sent(zero0, 16), sent(zero0, 1));
  assertEquals(sent(zero1, 16), sent(zero1, 1));
  // The updated parameters are gathered once.
  assertEquals(sent(zero2, 16) - sent(zero2, 1), 15 * 2 * BF16 * 7 / 8);
  assertEquals(
    sent(zero3, 5) - sent(zero3, 1),
    2 * (sent(zero3, 3) - sent(zero3, 1)),
  );
  assertEquals(sent(fsdp, 16), 16 * sent(fsdp, 1));
  assertEquals(sent(fsdp2, 16), 16 * sent(fsdp2, 1));
});

Deno.test("no_sync reduces once, and gathers in every micro step", () => {
  for (const name of ["fsdp", "fsdp2"] as const) {
    for (const steps of [2, 3, 16]) {
      const sent = traffic({
        train: { gradient_accumulation: steps },
        parallel: { gpus: 8 },
        engine: { name, no_sync: true },
      });
      assertEquals(flow(sent, "gradients").calls, LAYERS + 1);
      assertEquals(flow(sent, "parameters").calls, steps * (2 * LAYERS + 1));
    }
  }
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
    engine: { name: "fsdp2", reduce_dtype: "bf16" },
  });
  const gathered = flow(fsdp, "parameters").sent_bytes * 8 / 7;
  // Adapters in fp32 go with bf16 weights.
  assertEquals(gathered, 2 * (2 * PSI - AROUND) + 2 * 4 * trainable);
  assertEquals(flow(fsdp, "gradients").sent_bytes * 8 / 7, 2 * trainable);
});

Deno.test("quantised weights are gathered packed", () => {
  const { flows } = traffic({
    train: { method: "qlora" },
    parallel: { gpus: 8 },
    engine: { name: "fsdp2" },
  });
  const gathered = flows.find(({ collective }) => collective === "all-gather");
  assert(gathered && gathered.sent_bytes < 2 * PSI);
});

Deno.test("gradients travel in the type that the engine reduces them in", () => {
  const gradients = (input: Omit<ScenarioInput, "model">): number => {
    const { calls, message_bytes } = flow(
      traffic({ parallel: { gpus: 8 }, ...input }),
      "gradients",
    );
    return Math.round(calls * message_bytes / PSI);
  };
  const mixed = { weights: "fp32", autocast: "bf16" } as const;
  assertEquals(gradients({ engine: { name: "ddp" } }), 2);
  assertEquals(gradients({ engine: { name: "ddp" }, precision: mixed }), 4);
  assertEquals(gradients({ engine: { name: "fsdp" }, precision: mixed }), 2);
  assertEquals(
    gradients({
      engine: { name: "fsdp2", reduce_dtype: "fp32" },
      precision: mixed,
    }),
    4,
  );
  // DDP's buckets have the parameters' type: reducer.cpp, initialize_buckets.
  assertEquals(
    gradients({ engine: { name: "ddp" }, precision: { gradients: "fp32" } }),
    2,
  );
  assertEquals(gradients({ engine: { name: "megatron" } }), 4);
});

Deno.test("what is not played says so, and tells no bytes", () => {
  const sent = traffic({
    parallel: { gpus: 8, tp: 2 },
    engine: { name: "ddp" },
  });
  assertEquals([sent.flows, sent.sent_bytes], [[], 0]);
  assertStringIncludes(sent.not_counted ?? "", "DDP");
});

Deno.test("torchtitan's experts are gathered and reduced by the ranks that have the same", () => {
  const { flows } = traffic({
    parallel: { gpus: 8, ep: 4 },
    engine: { name: "fsdp2", driver: "torchtitan" },
    software: { model_code: "torchtitan" },
  }, "Qwen/Qwen3-30B-A3B");
  // A quarter of the experts, half of which each of two ranks sends, in bf16 twice
  // and in fp32 once.
  const sent = 48 * (128 / 4) * 3 * 2048 * 768 / 2 * 4;
  assertEquals(
    flows.filter(({ ranks }) => ranks === 2).map((each) => [
      each.what,
      each.calls,
      each.sent_bytes,
    ]),
    [["parameters", 2 * 48, sent], ["gradients", 48, sent]],
  );
});
