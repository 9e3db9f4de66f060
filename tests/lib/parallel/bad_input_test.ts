import { assert, assertEquals, assertMatch } from "@std/assert";
import { tryEstimate } from "../../../lib/mod.ts";
import type { ScenarioInput } from "../../../lib/mod.ts";

const LLAMA = "meta-llama/Llama-3.1-8B";
const MIXTRAL = "mistralai/Mixtral-8x7B-v0.1";

/** Meshes that no model can be split by: an error names the nearest that can. */
const SPLIT: readonly [input: ScenarioInput, path: string, words: RegExp][] = [
  [
    { model: LLAMA, parallel: { gpus: 24, tp: 4, pp: 4 } },
    "parallel.gpus",
    /multiple of tp x pp x cp = 16: current value is 24; 16 and 32 do$/,
  ],
  [
    { model: LLAMA, parallel: { gpus: 3, tp: 2, cp: 2 } },
    "parallel.gpus",
    /multiple of tp x pp x cp = 4: current value is 3; 4 does$/,
  ],
  [
    { model: LLAMA, parallel: { gpus: 12, tp: 12 } },
    "parallel.tp",
    /32 attention heads: current value is 12; 8 and 16 do$/,
  ],
  [
    { model: LLAMA, parallel: { gpus: 64, pp: 64 } },
    "parallel.pp",
    /at most the model's 32 layers: current value is 64; 32 does$/,
  ],
  [
    { model: MIXTRAL, parallel: { gpus: 12, ep: 3 } },
    "parallel.ep",
    /divide the model's 8 experts: current value is 3; 2 and 4 do$/,
  ],
  [
    { model: MIXTRAL, parallel: { gpus: 12, ep: 8 } },
    "parallel.ep",
    /divide parallel\.gpus = 12: current value is 8; 4 does$/,
  ],
];

for (const [input, path, words] of SPLIT) {
  Deno.test(`a mesh is refused with the nearest that do: ${words.source}`, () => {
    const answer = tryEstimate(input);
    assert(!answer.ok);
    assertEquals(answer.problems[0]?.path, path);
    assertMatch(answer.problems[0]?.message ?? "", words);
  });
}

/** What an engine does not run: said by name, with what does. */
const REFUSED: readonly [
  engine: NonNullable<ScenarioInput["engine"]>,
  parallel: NonNullable<ScenarioInput["parallel"]>,
  words: RegExp,
][] = [
  [
    { name: "deepspeed", zero_stage: 3 },
    { gpus: 8, pp: 2 },
    /ZeRO 3 does not run with pipeline parallelism.*parallel\.pp is 2; engine\.zero_stage 0 and 1 do, or parallel\.pp 1/,
  ],
  [
    { name: "deepspeed", zero_stage: 2, offload_optimizer: "nvme" },
    { gpus: 8 },
    /nvme needs ZeRO 3: engine\.zero_stage is 2; engine\.zero_stage 3 does, or engine\.offload_optimizer cpu/,
  ],
  [
    { name: "deepspeed", zero_stage: 1, offload_parameters: "cpu" },
    { gpus: 8 },
    /offload_parameters cpu needs ZeRO 3.*engine\.zero_stage is 1; engine\.zero_stage 3 does/,
  ],
  [
    {
      name: "fsdp",
      sharding: "none",
      offload_optimizer: "cpu",
      offload_parameters: "cpu",
    },
    { gpus: 8 },
    /sharding none shards nothing, and FSDP offloads shards.*needs sharding full, grad_op or hybrid/,
  ],
  [
    {
      name: "fsdp2",
      offload_optimizer: "nvme",
      offload_parameters: "nvme",
    },
    { gpus: 8 },
    /offloads to the CPU alone.*engine\.offload_optimizer cpu do/,
  ],
  [
    { name: "fsdp2", sharding: "hybrid" },
    { gpus: 12, gpus_per_node: 8 },
    /parallel\.gpus 12 is no multiple of parallel\.gpus_per_node 8; 8 and 16 do, or parallel\.gpus_per_node 6/,
  ],
];

for (const [engine, parallel, words] of REFUSED) {
  Deno.test(`what an engine does not run is said: ${words.source}`, () => {
    const answer = tryEstimate({ model: LLAMA, engine, parallel });
    assert(answer.ok);
    assertMatch(answer.value.warnings.join("\n"), words);
  });
}

Deno.test("an engine that shards says that one GPU shards nothing", () => {
  const warnings = (engine: NonNullable<ScenarioInput["engine"]>) => {
    const answer = tryEstimate({ model: "gpt2", engine });
    assert(answer.ok);
    return answer.value.warnings.filter((each) =>
      each.includes("shards nothing on one GPU")
    );
  };
  assertEquals(warnings({ name: "fsdp2" }), [
    "parallel.gpus is 1: engine.name fsdp2 shards nothing on one GPU; parallel.gpus 2 or more shards",
  ]);
  assertEquals(warnings({ name: "deepspeed", zero_stage: 3 }), [
    "parallel.gpus is 1: engine.zero_stage 3 shards nothing on one GPU; parallel.gpus 2 or more shards",
  ]);
  assertEquals(warnings({ name: "deepspeed" }), []);
  assertEquals(
    warnings({ name: "deepspeed", zero_stage: 2, offload_optimizer: "cpu" }),
    [],
  );
});

Deno.test("who steps within the backward pass, and who does not, is said", () => {
  const said = (
    engine: NonNullable<ScenarioInput["engine"]>,
    gradient_accumulation = 1,
  ) => {
    const answer = tryEstimate({
      model: LLAMA,
      train: { gradient_accumulation },
      optimizer: { in_backward: true },
      engine,
      parallel: { gpus: 8 },
    });
    assert(answer.ok);
    return answer.value.warnings.join("\n");
  };
  assertMatch(
    said({ name: "fsdp" }),
    /in_backward .* engine\.name fsdp2 steps/,
  );
  assertMatch(
    said({ name: "fsdp2" }, 4),
    /gradient_accumulation is 4; 1 does/,
  );
  assertMatch(said({ name: "ddp" }), /in_backward is not played with DDP/);
  assertEquals(said({ name: "fsdp2" }).includes("in_backward"), false);
});
