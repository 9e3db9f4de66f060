import { assert, assertEquals } from "@std/assert";
import { estimate } from "../../../lib/mod.ts";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { GIB, MIB } from "../../../lib/units/mod.ts";

const STAGES: ScenarioInput = {
  model: "meta-llama/Llama-3.1-70B",
  engine: { name: "megatron" },
  parallel: {
    gpus: 64,
    tp: 8,
    pp: 4,
    sequence_parallel: true,
    microbatches: 8,
  },
  hardware: { gpu: "H100-80GB" },
};

const EIGHT: ScenarioInput = {
  model: "meta-llama/Llama-3.1-8B",
  parallel: { gpus: 8 },
  hardware: { gpu: "H100-80GB" },
};
const PARAMETERS = 8_030_261_248;

Deno.test("memory.ranks has a row for each class of ranks, the most loaded first", () => {
  const { memory } = estimate(STAGES);
  const rows = memory.ranks ?? [];
  assertEquals(rows.map(({ gpus }) => gpus), [16, 16, 16, 16]);
  assertEquals(
    rows.map(({ rank, global_rank }) => `${rank} ${global_rank}`).toSorted(),
    ["pp 0 0", "pp 1 16", "pp 2 32", "pp 3 48"],
  );
  const [own] = rows;
  assert(own);
  for (
    const figure of [
      "allocated_peak_bytes",
      "reserved_peak_bytes",
      "device_peak_bytes",
      "binding",
    ] as const
  ) assertEquals(own[figure], memory[figure]);
  for (const row of rows) {
    assert(row.allocated_peak_bytes <= own.allocated_peak_bytes);
    assert(row.reserved_peak_bytes >= row.allocated_peak_bytes);
    const sum = row.parts.reduce((all, { bytes }) => all + bytes, 0);
    // What ends of blocks take is known of the answer's own rank alone.
    assert(row === own ? sum <= row.allocated_peak_bytes : true);
    if (row !== own) assertEquals(sum, row.allocated_peak_bytes);
  }
});

Deno.test("memory is that of the rank that parallel.rank asks for", () => {
  const all = estimate(STAGES).memory.ranks ?? [];
  for (const { global_rank, rank, binding } of all) {
    const { memory, assumptions } = estimate({
      ...STAGES,
      // Any of its ranks answers for a class.
      parallel: { ...STAGES.parallel, rank: global_rank + 5 },
    });
    const row = memory.ranks?.find((each) => each.rank === rank);
    assertEquals(memory.binding, binding);
    assertEquals(memory.allocated_peak_bytes, row?.allocated_peak_bytes);
    assertEquals(memory.device_peak_bytes, row?.device_peak_bytes);
    assertEquals(memory.ranks?.length, 4);
    assert(
      assumptions.some((each) => each.includes(`rank ${global_rank + 5}`)),
    );
  }
});

Deno.test("a rank of FSDP has a shard of its own; the others are one class", () => {
  const engine = { name: "fsdp2" } as const;
  const [all, none] = estimate({ ...EIGHT, engine }).memory.ranks ?? [];
  assertEquals([all?.rank, all?.gpus, none], ["all", 8, undefined]);
  const [own, others] =
    estimate({ ...EIGHT, engine, parallel: { gpus: 8, rank: 7 } }).memory
      .ranks ?? [];
  assertEquals([own?.rank, own?.gpus], ["rank 7", 1]);
  assertEquals([others?.rank, others?.gpus], ["the others", 7]);
});

Deno.test("one GPU has no ranks and talks to none", () => {
  const { memory } = estimate({ model: "gpt2" });
  assertEquals(memory.ranks, null);
  assertEquals(memory.communication, undefined);
});

Deno.test("host says what ZeRO 3 keeps there, 20 bytes of each parameter", () => {
  const { host } = estimate({
    ...EIGHT,
    engine: {
      name: "deepspeed",
      zero_stage: 3,
      offload_optimizer: "cpu",
      offload_parameters: "cpu",
    },
  });
  const parts = host.parts ?? [];
  const sum = parts.reduce((all, { bytes }) => all + bytes, 0);
  assertEquals(sum, host.peak_bytes);
  // bf16 parameters and gradients, fp32 gradients, masters and two states.
  const each = (host.peak_bytes ?? 0) / PARAMETERS;
  assert(Math.abs(each - 20) < 0.01, `${each}`);
  assertEquals(
    (host.pinned_bytes ?? 0) / 12,
    parts.filter(({ name }) => name === "weights")
      .reduce((all, { bytes }) => all + bytes, 0) / 2,
  );
});

for (const name of ["fsdp", "fsdp2"] as const) {
  Deno.test(`host says what ${name} keeps there, 16 bytes of each parameter`, () => {
    const { host } = estimate({
      ...EIGHT,
      precision: { weights: "fp32", autocast: "bf16" },
      engine: { name, offload_optimizer: "cpu", offload_parameters: "cpu" },
    });
    const each = (host.moments?.training ?? 0) / PARAMETERS;
    assert(Math.abs(each - 16) < 0.01, `${each}`);
    // Shards and gradients are page-locked, states are not.
    assert(Math.abs((host.pinned_bytes ?? 0) / PARAMETERS - 8) < 0.01);
  });
}

/** Bytes of the host by moment, in those of a parameter. */
const MOMENTS: readonly [
  engine: NonNullable<ScenarioInput["engine"]>,
  more: Partial<ScenarioInput>,
  bytes: readonly [loading: number, training: number, saving: number] | null,
][] = [
  // Each rank loads fp32; the first gathers fp32 states of the optimizer.
  [{ name: "fsdp" }, {
    precision: { weights: "fp32", autocast: "bf16" },
  }, [8 * 4, 0, 8]],
  // States in bf16 are as much as fp32 weights would be.
  [{ name: "fsdp" }, {}, [8 * 2, 0, 4]],
  [{ name: "fsdp2" }, {}, [8 * 2, 0, 0]],
  [{ name: "fsdp2", driver: "transformers" }, {}, [8 * 2, 0, 4]],
  [{ name: "ddp" }, {}, [8 * 2, 0, 0]],
  [{ name: "deepspeed", zero_stage: 2 }, {}, [8 * 2, 0, 0]],
  // zero.Init partitions; the first rank reads.
  [{ name: "deepspeed", zero_stage: 3 }, {}, [2, 0, 0]],
  [{ name: "fsdp2", driver: "torchtitan" }, {}, null],
];

for (const [engine, more, bytes] of MOMENTS) {
  Deno.test(`the host holds what ${JSON.stringify(engine)} loads and saves`, () => {
    const { host } = estimate({ ...EIGHT, ...more, engine });
    const { loading = 0, training = 0, saving = 0 } = host.moments ?? {};
    if (bytes === null) return assertEquals(host, { peak_bytes: null });
    const each = [loading, training, saving].map((sum) => sum / PARAMETERS);
    for (const [at, sum] of each.entries()) {
      assert(Math.abs(sum - (bytes[at] ?? 0)) < 0.01, `${each}`);
    }
    assertEquals(host.peak_bytes, Math.max(loading, training, saving));
    const parts = host.parts ?? [];
    assertEquals(
      parts.reduce((sum, part) => sum + part.bytes, 0),
      host.peak_bytes,
    );
  });
}

Deno.test("weights that bitsandbytes packs pass through the host one by one", () => {
  const { host } = estimate({
    ...EIGHT,
    train: { method: "qlora" },
    quantization: { weights: "nf4" },
    engine: { name: "deepspeed", zero_stage: 2 },
  });
  assertEquals(host.peak_bytes, null);
});

Deno.test("gradients wait on the host for further micro-batches under ZeRO 2", () => {
  const hostOf = (gradient_accumulation: number) =>
    estimate({
      ...EIGHT,
      train: { gradient_accumulation },
      engine: {
        name: "deepspeed",
        zero_stage: 2,
        offload_optimizer: "cpu",
      },
    }).host.moments?.training ?? 0;
  // bf16 of whole parameters that a rank has a part of at least.
  const each = (hostOf(4) - hostOf(1)) / PARAMETERS;
  assert(each >= 2 && each < 2.5, `${each}`);
});

Deno.test("checkpoints on the host are those of all GPUs of a node", () => {
  const train = { checkpointing: "full", checkpoint_offload: true } as const;
  const alone = estimate({ model: "meta-llama/Llama-3.1-8B", train });
  const many = estimate({
    ...EIGHT,
    train,
    engine: { name: "fsdp2" },
    parallel: { gpus: 16, gpus_per_node: 4 },
  });
  assertEquals(many.host.moments?.training, 4 * (alone.host.peak_bytes ?? 0));
});

const TALK: [scenario: ScenarioInput, bytes: number][] = [
  [{ ...EIGHT, parallel: { gpus: 2 } }, 544 * MIB],
  [EIGHT, 688 * MIB],
  // Groups of 8 tensor-parallel, 4 pipeline and 2 data-parallel ranks.
  [STAGES, (688 + 688 + 544) * MIB],
  [
    {
      ...EIGHT,
      engine: { name: "fsdp2", sharding: "hybrid" },
      parallel: { gpus: 16 },
    },
    (688 + 544) * MIB,
  ],
  // Two channels of 24 over PCIe.
  [{ ...EIGHT, hardware: { gpu: "RTX 4090" } }, Math.round(688 * MIB / 12)],
  [{ ...EIGHT, overheads: { communication_gib: 1.5 } }, 1.5 * GIB],
];

for (const [scenario, bytes] of TALK) {
  Deno.test(`communication takes ${bytes} bytes of ${JSON.stringify(scenario)}`, () => {
    const { memory } = estimate(scenario);
    assertEquals(memory.communication?.bytes, bytes);
    const without = estimate({
      ...scenario,
      overheads: { communication_gib: 0 },
    });
    assertEquals(without.memory.communication, undefined);
    // What the allocator keeps beside depends on what NCCL leaves of the GPU.
    const [beside = 0, alone = 0] = [memory, without.memory].map((each) =>
      each.device_peak_bytes - (each.reserved_peak_bytes ?? 0)
    );
    assertEquals(beside, alone + bytes);
  });
}

Deno.test("an engine's setting has no effect where another engine runs", () => {
  const settings = { bucket_cap_mb: 50, wrap: "titan" } as const;
  const said = (name: "ddp" | "fsdp" | "fsdp2") => {
    const { warnings, assumptions } = estimate({
      ...EIGHT,
      engine: { name, ...settings },
    });
    return [...warnings, ...assumptions].filter((each) =>
      /^engine\.(bucket_cap_mb|wrap)\b/.test(each)
    ).map((each) => each.split(" ")[0]);
  };
  assertEquals(said("ddp"), ["engine.wrap"]);
  assertEquals(said("fsdp2"), ["engine.bucket_cap_mb"]);
  assertEquals(said("fsdp").toSorted(), [
    "engine.bucket_cap_mb",
    "engine.wrap",
  ]);
});

Deno.test("remarks are on the types that were asked for", () => {
  const { assumptions, scenario } = estimate({
    ...EIGHT,
    precision: { weights: "fp32", autocast: "bf16" },
    engine: { name: "fsdp2" },
  });
  assertEquals(scenario.precision.weights, "fp32");
  assert(!assumptions.some((each) => each.includes("casts nothing")));
  assert(!assumptions.some((each) => each.includes("precision.weights bf16")));
});
