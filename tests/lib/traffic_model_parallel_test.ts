import { assertEquals } from "@std/assert";
import type { Flow } from "../../lib/mod.ts";
import { flow, LAYERS, traffic, WIDTH } from "./traffic.ts";

const TENSOR = {
  train: { micro_batch: 4, sequence_length: 2048 },
  parallel: { gpus: 8, tp: 8 },
  engine: { name: "megatron" },
} as const;
/** b·s·h of it. */
const HIDDEN = 4 * 2048 * WIDTH;

Deno.test("tensor parallelism all-reduces bsh four times a layer", () => {
  // Megatron-LM (arXiv:1909.08053), 3; arXiv:2104.04473, 3.2: 8bsh(t-1)/t
  // elements a layer and micro batch.
  const states = flow(traffic(TENSOR), "hidden states of layers");
  assertEquals(states.calls, 4 * LAYERS);
  assertEquals(states.message_bytes, 2 * HIDDEN);
  assertEquals(states.sent_bytes, 15_032_385_536);
  assertEquals(states.sent_bytes, LAYERS * 2 * 8 * HIDDEN * 7 / 8);
});

Deno.test("full checkpointing all-reduces the forward's once more: six a layer", () => {
  const { train } = TENSOR;
  const of = (checkpointing: "none" | "selective" | "full"): number =>
    flow(
      traffic({ ...TENSOR, train: { ...train, checkpointing } }),
      "hidden states of layers",
    ).calls / LAYERS;
  assertEquals([of("none"), of("selective"), of("full")], [4, 4, 6]);
});

Deno.test("sequence parallelism sends as much, and gathers once more for the weights", () => {
  // arXiv:2205.05198, 4.2.2: four all-gathers and four reduce-scatters instead
  // of four all-reduces, and an extra all-gather in the backward pass.
  const plain = flow(traffic(TENSOR), "hidden states of layers");
  const split = traffic({
    ...TENSOR,
    parallel: { ...TENSOR.parallel, sequence_parallel: true },
  });
  const states = split.flows.filter(({ what }) =>
    what === "hidden states of layers"
  );
  assertEquals(states.map(({ collective, calls }) => [collective, calls]), [
    ["all-gather", 4 * LAYERS],
    ["reduce-scatter", 4 * LAYERS],
  ]);
  assertEquals(
    states.reduce((sum, { sent_bytes }) => sum + sent_bytes, 0),
    plain.sent_bytes,
  );
  // The embedding's are cut and gathered, the head's gathered, gathered and cut.
  const ends = split.flows.filter(({ what }) => what.includes("at embedding"));
  assertEquals(ends.reduce((sum, { calls }) => sum + calls, 0), 5);
  const again = flow(split, "hidden states of layers, again");
  assertEquals(again.calls, 2 * LAYERS);
});

Deno.test("a split vocabulary costs three all-reduces of a scalar per token", () => {
  const loss = flow(traffic(TENSOR), "the loss");
  assertEquals(loss.message_bytes, 4 * 2048 * 4);
  assertEquals(loss.calls, 3);
});

Deno.test("a pipeline passes bsh on and back, once per micro batch", () => {
  // arXiv:2104.04473, 3.2 and 2.2.2.
  const hops = (
    pp: number,
    virtual_pipeline = 1,
    rank: number | null = null,
  ): Flow =>
    flow(
      traffic({
        train: { ...TENSOR.train, gradient_accumulation: 8 },
        parallel: { gpus: pp, pp, virtual_pipeline, rank },
        engine: { name: "megatron" },
      }),
      "hidden states on",
    );
  assertEquals(hops(2).message_bytes, 2 * HIDDEN);
  assertEquals(hops(2).sent_bytes, 8 * 2 * HIDDEN);
  // The first stage, which holds most, sends on alone; one between sends back too.
  assertEquals(hops(4).sent_bytes, 8 * 2 * HIDDEN);
  assertEquals(hops(4, 1, 1).sent_bytes, 2 * 8 * 2 * HIDDEN);
  // Its second virtual stage is one between.
  assertEquals(hops(4, 2).sent_bytes, 3 * hops(4).sent_bytes);
  assertEquals(hops(4, 2, 1).sent_bytes, 2 * hops(4, 1, 1).sent_bytes);
});

Deno.test("stages that share an embedding all-reduce its gradient", () => {
  const sent = traffic(
    { parallel: { gpus: 4, pp: 4 }, engine: { name: "megatron" } },
    "Qwen/Qwen2.5-0.5B",
  );
  const shared = flow(sent, "gradients of the embedding");
  // Rows are padded to a multiple of 128: arguments.py, make_vocab_size_divisible_by.
  assertEquals(shared.message_bytes, Math.ceil(151_936 / 128) * 128 * 896 * 4);
  assertEquals([shared.ranks, shared.calls], [2, 1]);
});

Deno.test("context parallelism passes keys and values round the ring", () => {
  const sent = traffic({
    train: { sequence_length: 8192 },
    parallel: { gpus: 4, cp: 4 },
    engine: { name: "megatron" },
  });
  const block = 2 * 2 * (8192 / 4) * WIDTH;
  const forth = flow(sent, "keys and values");
  assertEquals(forth.message_bytes, block);
  assertEquals(forth.sent_bytes, 2 * 3 * LAYERS * block);
  assertEquals(
    flow(sent, "gradients of keys").sent_bytes,
    3 * LAYERS * block,
  );
  // Its ranks hold the same parameters: their gradients are reduced too.
  assertEquals(flow(sent, "gradients", "reduce-scatter").ranks, 4);
});

Deno.test("FSDP2's ring gathers keys and values, and passes their gradients in fp32", () => {
  // torch/distributed/tensor/experimental/_context_parallel/_attention.py
  const sent = traffic({
    train: { sequence_length: 8192, gradient_accumulation: 3 },
    parallel: { gpus: 8, cp: 4 },
    engine: { name: "fsdp2" },
  });
  const own = 2 * (8192 / 4) * WIDTH;
  const pair = flow(sent, "keys and values");
  assertEquals([pair.collective, pair.ranks], ["all-gather", 4]);
  assertEquals(pair.message_bytes, 4 * 2 * own);
  assertEquals(pair.calls, 3 * 2 * LAYERS);
  const back = flow(sent, "gradients of keys");
  assertEquals([back.message_bytes, back.calls], [4 * own, 3 * 4 * LAYERS]);
  assertEquals(flow(sent, "parameters").ranks, 8);
});

Deno.test("Ulysses sends queries, keys, values and outputs to all, forward and back", () => {
  // deepspeed/sequence/layer.py; arXiv:2309.14509, 3.2: four all-to-alls a layer.
  for (const checkpointing of ["none", "full"] as const) {
    for (const zero_stage of [1, 2, 3]) {
      const sent = traffic({
        train: {
          sequence_length: 8192,
          gradient_accumulation: 5,
          checkpointing,
        },
        parallel: { gpus: 8, cp: 4 },
        engine: { name: "deepspeed", zero_stage },
      });
      const heads = flow(sent, "heads for tokens");
      assertEquals(heads.message_bytes, 2 * (8192 / 4) * WIDTH);
      const passes = checkpointing === "full" ? 3 : 2;
      assertEquals(heads.calls, 5 * passes * 4 * LAYERS);
    }
  }
});

Deno.test("expert parallelism sends every token to its experts and back, twice", () => {
  const mixtral = "mistralai/Mixtral-8x7B-v0.1";
  const sent = traffic(
    {
      train: { sequence_length: 4096 },
      parallel: { gpus: 16, ep: 8 },
      engine: { name: "megatron" },
    },
    mixtral,
  );
  const routed = flow(sent, "tokens to their experts");
  assertEquals(routed.message_bytes, 4096 * 2 * 4096 * 2);
  assertEquals(routed.calls, 4 * 32);
  assertEquals(routed.sent_bytes, 4 * 32 * routed.message_bytes * 7 / 8);
  // What an expert's output counts goes with its token: MoEAlltoAllTokenDispatcher.
  const weights = flow(sent, "weights of tokens");
  assertEquals([weights.message_bytes, weights.calls], [4096 * 2 * 2, 2 * 32]);
  // Two ranks hold the same experts; 32 layers of 8 x 3 x 4096 x 14336.
  const experts = flow(sent, "experts' gradients");
  assertEquals(experts.ranks, 2);
  assertEquals(
    experts.message_bytes,
    4 * 32 * 3 * 4096 * 14_336 * 8 / 8,
  );
});

const TITAN = {
  train: { micro_batch: 4, sequence_length: 2048 },
  precision: { weights: "fp32", autocast: "bf16" },
  engine: { name: "fsdp2", driver: "torchtitan" },
  software: { model_code: "torchtitan" },
} as const;

Deno.test("DTensor's ranks gather and cut hidden states as sequence parallelism does", () => {
  // arXiv:2205.05198, 4.2.2; torchtitan saves what it gathered, so never again.
  for (const [gpus, dp] of [[8, 1], [16, 2]] as const) {
    const sent = traffic({ ...TITAN, parallel: { gpus, tp: 8 } });
    const bytes = dp === 1 ? 4 : 2;
    const states = sent.flows.filter(({ what }) =>
      what.startsWith("hidden states of layers")
    );
    assertEquals(
      states.map(({ collective, calls, message_bytes, ranks }) => [
        collective,
        calls,
        message_bytes,
        ranks,
      ]),
      [
        ["all-gather", 4 * LAYERS, bytes * HIDDEN, 8],
        ["reduce-scatter", 4 * LAYERS, bytes * HIDDEN, 8],
      ],
    );
    const loss = flow(sent, "the loss");
    assertEquals([loss.message_bytes, loss.calls], [4 * 2048 * 4, 3]);
  }
});

Deno.test("without a split loss DTensor's ranks gather the logits", () => {
  const sent = traffic({
    ...TITAN,
    engine: { ...TITAN.engine, loss_parallel: false },
    parallel: { gpus: 16, tp: 8 },
  });
  assertEquals(
    flow(sent, "logits of all ranks").message_bytes,
    2 * 4 * 2048 * 32_000,
  );
  assertEquals(
    sent.flows.some(({ what }) => what.startsWith("the loss")),
    false,
  );
});

Deno.test("FSDP's shards lie tensor parallel ranks apart", () => {
  const sent = traffic({ ...TITAN, parallel: { gpus: 16, tp: 8 } });
  const gathered = flow(sent, "parameters");
  // Of two nodes of eight each: all that is sent leaves its node.
  assertEquals([gathered.ranks, gathered.node_bytes], [2, 0]);
  assertEquals(gathered.network_bytes, gathered.sent_bytes);
});

Deno.test("torchtitan's stages pass hidden states as Megatron's do, and gather once", () => {
  const of = (microbatches: number) =>
    traffic({
      ...TITAN,
      parallel: { gpus: 8, pp: 4, microbatches },
    });
  const [few, many] = [of(8), of(32)] as const;
  assertEquals(flow(few, "hidden states on").sent_bytes, 8 * 2 * HIDDEN);
  assertEquals(flow(many, "hidden states on").sent_bytes, 32 * 2 * HIDDEN);
  for (const what of ["parameters", "gradients"]) {
    assertEquals(flow(many, what).sent_bytes, flow(few, what).sent_bytes);
  }
});
