import type { WrittenText } from "./lines.ts";

/** A field of a Scenario that the code on a stack, or a launcher's line, tells. */
export interface StackFact {
  readonly path: string;
  readonly value: string | number;
}

/** Code that runs for one value of a field alone. */
const CODE:
  readonly (readonly [path: string, value: string | number, RegExp])[] = [
    [
      "train.method",
      "qlora",
      /peft\/tuners\/lora\/bnb\.py|Linear4bit|matmul_4bit|MatMul4Bit/,
    ],
    ["train.method", "lora", /peft\/tuners\/lora/],
    ["train.kernels", "liger", /liger_kernel\/(?:transformers|ops)/],
    ["train.objective", "dpo", /trl\/trainer\/dpo_trainer\.py/],
    ["train.objective", "grpo", /trl\/trainer\/grpo_trainer\.py/],
    [
      "train.objective",
      "kto",
      /trl\/(?:trainer|experimental\/kto)\/kto_trainer\.py/,
    ],
    ["train.objective", "orpo", /trl\/\S{0,40}orpo_trainer\.py/],
    ["train.objective", "reward", /trl\/trainer\/reward_trainer\.py/],
    [
      "optimizer.bits",
      8,
      /bitsandbytes\/optim[^\n]{0,200}(?:8bit|blockwise)|optimizer_update_8bit/,
    ],
  ];

/** Engines, and whether what they split has to be told by a number of GPUs. */
const ENGINES: readonly (readonly [fields: readonly StackFact[], RegExp])[] = [
  [
    [
      { path: "engine.name", value: "deepspeed" },
      { path: "engine.zero_stage", value: 3 },
    ],
    /ZeRO stage 3 optimizer|zero\/stage3\.py|partitioned_param_coordinator|partition_parameters\.py/,
  ],
  [
    [
      { path: "engine.name", value: "deepspeed" },
      { path: "engine.zero_stage", value: 2 },
    ],
    /ZeRO stage 2 optimizer/,
  ],
  [
    [
      { path: "engine.name", value: "deepspeed" },
      { path: "engine.zero_stage", value: 1 },
    ],
    /ZeRO stage 1 optimizer/,
  ],
  [
    [{ path: "engine.name", value: "fsdp2" }],
    /fsdp\/_fully_shard|_composable\/fsdp/,
  ],
  [
    [{ path: "engine.name", value: "fsdp" }],
    /fully_sharded_data_parallel\.py|fsdp\/_(?:runtime_utils|flat_param|wrap_utils)\.py|distributed_type: FSDP\b/,
  ],
  [
    [{ path: "engine.name", value: "ddp" }],
    /nn\/parallel\/distributed\.py/,
  ],
];

/** How launchers say how many processes run. */
const COUNTS: readonly RegExp[] = [
  /(?:nproc[_-]per[_-]node|num[_-]processes|num[_-]gpus)[= :]{1,3}(\d{1,4})\b/,
  /world[_ ]size[=: ]{1,3}(\d{1,4})\b/i,
];

/**
 * What the code on a stack and launchers' lines tell of a training: its method, its
 * objective, and over how many GPUs what is split.
 */
export function stackFacts(texts: readonly WrittenText[]): StackFact[] {
  const text = texts.map((each) => each.text).join("\n");
  const told: StackFact[] = [];
  for (const [path, value, says] of CODE) {
    if (told.every((each) => each.path !== path) && says.test(text)) {
      told.push({ path, value });
    }
  }
  const gpus = gpusOf(texts, text);
  const [fields = []] = ENGINES.find(([, says]) => says.test(text)) ?? [];
  // DeepSpeed runs on one GPU too; others are not there for it.
  const isAlone = fields.some(({ value }) => value === "deepspeed");
  return [
    ...told,
    ...(gpus < 2 ? [] : [{ path: "parallel.gpus", value: gpus }]),
    ...(gpus < 2 && !isAlone ? [] : fields),
  ];
}

/** As many as a launcher says, or as ranks wrote; 1 where nothing tells it. */
function gpusOf(texts: readonly WrittenText[], text: string): number {
  for (const says of COUNTS) {
    const count = Number(says.exec(text)?.[1] ?? 0);
    if (count > 1) return count;
  }
  const ranks = texts.flatMap(({ who }) =>
    /^rank ?(\d+)$/i.exec(who)?.[1] ?? []
  );
  return ranks.length < 2 ? 1 : 1 + Math.max(...ranks.map(Number));
}
