import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { BF16, flow, PSI, traffic } from "./traffic.ts";

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
