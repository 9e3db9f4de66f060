import { assert, assertEquals } from "@std/assert";
import { DEFAULT_SCENARIO, tryEstimate } from "../../lib/mod.ts";
import type { Problem, Scenario } from "../../lib/mod.ts";
import type { Architecture } from "../../lib/models/architecture.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { meshOf } from "../../lib/parallel/mesh.ts";
import { shardingOf } from "../../lib/parallel/sharding.ts";

const LLAMA_2_7B = "meta-llama/Llama-2-7b-hf";
const MIXTRAL = "mistralai/Mixtral-8x7B-v0.1";
const MAMBA = "mistralai/Mamba-Codestral-7B-v0.1";

type Parallel = Partial<Scenario["parallel"]>;

function problemsOf(model: string, parallel: Parallel): Problem[] {
  const result = tryEstimate({ model, parallel });
  return result.ok ? [] : result.problems;
}

const REFUSED: [
  model: string,
  parallel: Parallel,
  path: string,
  message: string,
][] = [
  [
    LLAMA_2_7B,
    { gpus: 6, tp: 4 },
    "parallel.gpus",
    "must be a multiple of tp x pp x cp = 4: current value is 6; 4 and 8 do",
  ],
  [
    LLAMA_2_7B,
    { gpus: 1, tp: 2 },
    "parallel.gpus",
    "must be a multiple of tp x pp x cp = 2: current value is 1; 2 does",
  ],
  [
    LLAMA_2_7B,
    { gpus: 8, tp: 2, pp: 2, cp: 4 },
    "parallel.gpus",
    "must be a multiple of tp x pp x cp = 16: current value is 8; 16 does",
  ],
  [
    LLAMA_2_7B,
    { gpus: 3, tp: 3 },
    "parallel.tp",
    "must divide the model's 32 attention heads: current value is 3; 2 and 4 do",
  ],
  [
    LLAMA_2_7B,
    { gpus: 64, tp: 64 },
    "parallel.tp",
    "must divide the model's 32 attention heads: current value is 64; 32 does",
  ],
  [
    LLAMA_2_7B,
    { gpus: 33, pp: 33 },
    "parallel.pp",
    "must be at most the model's 32 layers: current value is 33; 32 does",
  ],
  [
    LLAMA_2_7B,
    { gpus: 2, ep: 2 },
    "parallel.ep",
    "must be 1 for a model without experts: current value is 2",
  ],
  [
    MIXTRAL,
    { gpus: 3, ep: 3 },
    "parallel.ep",
    "must divide the model's 8 experts: current value is 3; 2 and 4 do",
  ],
  [
    MIXTRAL,
    { gpus: 16, ep: 16 },
    "parallel.ep",
    "must divide the model's 8 experts: current value is 16; 8 does",
  ],
];

for (const [model, parallel, path, message] of REFUSED) {
  Deno.test(`meshOf() refuses ${JSON.stringify(parallel)} for ${model}`, () => {
    assertEquals(problemsOf(model, parallel), [
      { path, message: `${path} ${message}` },
    ]);
  });
}

Deno.test("meshOf() names every size that does not fit", () => {
  const parallel = { gpus: 8, tp: 3, pp: 40, ep: 2 };
  assertEquals(problemsOf(LLAMA_2_7B, parallel).map(({ path }) => path), [
    "parallel.gpus",
    "parallel.tp",
    "parallel.pp",
    "parallel.ep",
  ]);
});

function architecture(model: string): Architecture {
  const result = resolveModel(model);
  assert(result.ok);
  return result.value.architecture;
}

const LAID_OUT: [model: string, parallel: Parallel, dp: number][] = [
  [LLAMA_2_7B, {}, 1],
  [LLAMA_2_7B, { gpus: 8 }, 8],
  [LLAMA_2_7B, { gpus: 7 }, 7],
  [LLAMA_2_7B, { gpus: 8, tp: 2 }, 4],
  [LLAMA_2_7B, { gpus: 8, tp: 8 }, 1],
  [LLAMA_2_7B, { gpus: 64, tp: 4, pp: 4 }, 4],
  [LLAMA_2_7B, { gpus: 64, tp: 2, pp: 2, cp: 2 }, 8],
  [LLAMA_2_7B, { gpus: 32, pp: 32 }, 1],
  [MIXTRAL, { gpus: 8, ep: 8 }, 8],
  [MIXTRAL, { gpus: 8, ep: 4 }, 8],
  [MAMBA, { gpus: 8, tp: 8 }, 1],
];

for (const [model, parallel, dp] of LAID_OUT) {
  Deno.test(`meshOf() gives ${model} ${dp} replicas of ${JSON.stringify(parallel)}`, () => {
    const mesh = meshOf(
      { ...DEFAULT_SCENARIO.parallel, ...parallel },
      architecture(model),
    );
    assert(mesh.ok);
    const { gpus, tp, pp, cp } = mesh.value;
    assertEquals(mesh.value.dp, dp);
    assertEquals(tp * pp * cp * dp, gpus);
  });
}

const ENGINES: [
  engine: Partial<Scenario["engine"]>,
  stage: number,
  ways: number,
  deepspeed: boolean,
][] = [
  [{ name: "auto" }, 0, 16, false],
  [{ name: "auto", zero_stage: 2 }, 2, 16, true],
  [{ name: "deepspeed" }, 0, 16, true],
  [{ name: "deepspeed", zero_stage: 3 }, 3, 16, true],
  [{ name: "megatron-deepspeed", zero_stage: 1 }, 1, 16, true],
  [{ name: "fsdp" }, 3, 16, false],
  [{ name: "fsdp2", sharding: "grad_op" }, 2, 16, false],
  [{ name: "fsdp", sharding: "hybrid" }, 3, 8, false],
  [{ name: "fsdp", sharding: "none" }, 0, 16, false],
  [{ name: "fsdp", sharding: "none", zero_stage: 3 }, 0, 16, false],
  [{ name: "megatron" }, 1, 16, false],
  [{ name: "megatron", distributed_optimizer: false }, 0, 16, false],
  [{ name: "ddp", zero_stage: 3 }, 0, 16, false],
  [{ name: "single", zero_stage: 3 }, 0, 16, false],
];

for (const [engine, stage, ways, deepspeed] of ENGINES) {
  Deno.test(`shardingOf() reads ${JSON.stringify(engine)} as stage ${stage}`, () => {
    const parallel = { ...DEFAULT_SCENARIO.parallel, gpus: 16 };
    const mesh = meshOf(parallel, architecture(LLAMA_2_7B));
    assert(mesh.ok);
    const { assumptions: _said, ...sharding } = shardingOf(
      { ...DEFAULT_SCENARIO.engine, ...engine },
      parallel,
      mesh.value,
    );
    assertEquals<unknown>(sharding, { stage, ways, deepspeed });
  });
}
