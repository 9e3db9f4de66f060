import { assert, assertEquals, assertMatch } from "@std/assert";
import { scenarioOfConfigurations } from "../../../lib/mod.ts";
import { imported } from "./imported.ts";
import { assertOk } from "../results.ts";

/** What is read, and the fields that it becomes. */
const GPUS: [command: string, parallel: unknown][] = [
  ["torchrun --nproc_per_node=4 --nnodes 2 train.py", {
    gpus: 8,
    gpus_per_node: 4,
  }],
  ["torchrun --nproc-per-node 2 --nnodes=1:4 train.py", {
    gpus: 8,
    gpus_per_node: 2,
  }],
  ["python -m torch.distributed.run --nproc_per_node 3 train.py", { gpus: 3 }],
  ["torchrun train.py", { gpus: 1 }],
  ["CUDA_VISIBLE_DEVICES=0,2,5 python train.py", { gpus: 3 }],
  ["CUDA_VISIBLE_DEVICES=0,1,2,3 torchrun --nproc_per_node 2 train.py", {
    gpus: 2,
  }],
  ["export NPROC_PER_NODE=4 NNODES=2\npython train.py", { gpus: 8 }],
  ["accelerate launch --num_processes 16 --num_machines 2 train.py", {
    gpus: 16,
    gpus_per_node: 8,
  }],
  ["accelerate launch -m --num_processes 2 my.train", undefined],
  ["deepspeed --include localhost:1,2,3@other:0 train.py", { gpus: 4 }],
  ["deepspeed --num_gpus 4 --num_nodes=2 train.py", {
    gpus: 8,
    gpus_per_node: 4,
  }],
  [
    "srun -N 2 singularity exec x.sif torchrun --nproc_per_node $((2 * 2)) train.py",
    {
      gpus: 4,
    },
  ],
  [
    "docker run --gpus all img bash -c 'torchrun --nproc_per_node 2 train.py FLAGS'",
    {
      gpus: 2,
    },
  ],
  ["nohup uv run torchrun --nproc_per_node 2 train.py > log 2>&1 &", {
    gpus: 2,
  }],
];

for (const [command, parallel] of GPUS) {
  const flags =
    "--model_name_or_path Qwen/Qwen3-4B --per_device_train_batch_size 3 \\\n  --bf16";
  const text = command.includes("FLAGS")
    ? command.replace("FLAGS", flags)
    : command.replace(/(train\.py|my\.train)/, `$1 ${flags}`);
  Deno.test(`GPUs of ${JSON.stringify(command)}`, () => {
    const { scenario, missing } = imported(text);
    assertEquals(missing, []);
    assertEquals(scenario["model"], "Qwen/Qwen3-4B");
    const { gpus, ...rest } = Object(scenario["parallel"] ?? {});
    assertEquals(
      parallel === undefined ? undefined : { gpus, ...rest },
      parallel === undefined ? undefined : parallel,
    );
  });
}

Deno.test("a command's flags win over the file that it names, whichever comes first", () => {
  const file = {
    name: "lora.yaml",
    text: "base_model: gpt2\nadapter: lora\nlora_r: 8\nmicro_batch_size: 1\n",
  };
  const command = { text: "axolotl train conf/lora.yaml --lora-r 64" };
  for (const texts of [[file, command], [command, file]]) {
    const read = scenarioOfConfigurations(texts);
    assertOk(read);
    assertEquals(read.value.missing, []);
    assertEquals(read.value.formats.map(({ id }) => id), ["axolotl"]);
    assertEquals(
      (read.value.scenario["train"] as { lora: unknown }).lora,
      { dropout: 0, rank: 64 },
    );
  }
  const alone = scenarioOfConfigurations([command]);
  assertOk(alone);
  assertEquals(
    alone.value.missing.map(({ kind, name }) => [kind, name]),
    [["file", "conf/lora.yaml"]],
  );
});

Deno.test("files in one text are several: documents, fences, pasted below, written by it", () => {
  const yaml =
    "model_name_or_path: gpt2\nper_device_train_batch_size: 3\noptim: sgd";
  const accelerate =
    "distributed_type: FSDP\nnum_processes: 4\nmixed_precision: bf16";
  const command =
    "accelerate launch --config_file acc.yaml train.py --optim adamw_torch";
  for (
    const text of [
      `${yaml}\n---\n${accelerate}`,
      "Start it so:\n```yaml\n" + yaml + "\n```\nand\n```yaml\n" + accelerate +
      "\n```\n",
      `cat > args.yaml <<EOF\n${yaml}\nEOF\ncat <<EOF > acc.yaml\n${accelerate}\nEOF\n${command}`,
    ]
  ) {
    const { scenario, missing } = imported(text);
    assertEquals(missing, [], text);
    assertEquals(scenario["parallel"], { gpus: 4 }, text);
    assertEquals(scenario["model"], "gpt2", text);
  }
  const below = imported(
    `${command} --model_name_or_path gpt2\n\n# acc.yaml\n${accelerate}\n`,
  );
  assertEquals(below.missing, []);
  assertEquals(below.scenario["parallel"], { gpus: 4 });
});

Deno.test("of several commands the one that says most is read, and that is said", () => {
  const train = (rank: number) =>
    `trl sft --model_name_or_path gpt2 --use_peft --lora_r ${rank} --max_length 99`;
  const { scenario, ignored } = imported(
    `python prepare.py --model_name_or_path gpt2\n${train(4)} --bf16\n${
      train(8)
    }`,
  );
  assertEquals((scenario["train"] as { lora: { rank: number } }).lora.rank, 4);
  assert(ignored.some(({ reason }) => /another command/.test(reason)));
});

Deno.test("a template's name for a model is asked for", () => {
  for (
    const name of [
      "/path/to/your/model",
      "<your-model>",
      "MODEL_PATH",
      "$M",
      "",
    ]
  ) {
    const { missing } = imported(
      `trl sft --model_name_or_path '${name}' --max_length 99`.replace(
        "'$M'",
        "$M",
      ),
    );
    assertEquals(missing.length, 1, name);
    assertEquals(missing[0]?.paths, ["model"], name);
  }
  const known = imported(
    "trl sft --model_name_or_path /path/to/Qwen3-8B --bf16",
  );
  assertEquals(known.scenario["model"], "Qwen/Qwen3-8B");
});

Deno.test("what costs no memory is not asked for", () => {
  const { missing, ignored } = imported(
    "trl sft --model_name_or_path gpt2 --gradient_accumulation_steps $GA --learning_rate $LR --output_dir $OUT",
  );
  assertEquals(missing, []);
  assertMatch(
    ignored.find(({ key }) => key === "gradient_accumulation_steps")?.reason ??
      "",
    /costs no memory/,
  );
});

Deno.test("Python is read as data: constants, variables, dictionaries, nothing else", () => {
  const { scenario, ignored } = imported(`
from trl import SFTConfig
import os
rank = 4 * 2
common = {"bf16": True, "optim": "adamw_8bit"}
config = SFTConfig(**common, per_device_train_batch_size=int(os.environ["B"]),  # more
    max_length=2**10, gradient_checkpointing=not False, packing=True if rank else False)
lora = LoraConfig(r=rank, lora_alpha=16, target_modules=["q_proj", "v_proj"])
`);
  const train = scenario["train"] as Record<string, unknown>;
  assertEquals(train["sequence_length"], 1024);
  assertEquals(train["checkpointing"], "full");
  assertEquals((train["lora"] as { rank: number }).rank, 8);
  assertEquals(scenario["optimizer"], { name: "adamw", bits: 8 });
  assert(
    ignored.some(({ reason }) =>
      /per_device_train_batch_size is worked out/.test(reason)
    ),
  );
});

Deno.test("a notebook's cells of code are read", () => {
  const notebook = JSON.stringify({
    cells: [
      { cell_type: "markdown", source: ["SFTConfig(max_length=7)"] },
      {
        cell_type: "code",
        source: ["!pip install x\n", "from trl import SFTConfig\n"],
      },
      { cell_type: "code", source: "c = SFTConfig(max_length=321, bf16=True)" },
    ],
  });
  const { scenario } = imported(notebook);
  assertEquals(
    (scenario["train"] as { sequence_length: number }).sequence_length,
    321,
  );
});

Deno.test("flags that the caller's variables decide are asked for, where they matter", () => {
  const script = `AC=$1; PR=$2; LOAD=$3
if [ $AC = full ]; then ac=" \\
   --recompute-method uniform --recompute-granularity full"; else ac=" "; fi
if [ $PR = bf16 ]; then pr="--bf16"; elif [ $PR = fp16 ]; then pr="--fp16"; fi
if [ $LOAD != none ]; then load="--load $LOAD --finetune"; fi
cmd="torchrun --nproc_per_node 1 pretrain_gpt.py --num-layers 2 --hidden-size 64 --swiglu \${ac} \${pr} \${load} --num-attention-heads 2 --vocab-size 99"
eval $cmd`;
  const { missing, scenario } = imported(script);
  assertEquals(missing.map(({ name }) => name), ["AC", "PR"]);
  assertMatch(
    missing[0]?.reason ?? "",
    /--recompute-method, --recompute-granularity/,
  );
  assertEquals(
    (scenario["model"] as { dims: Record<string, unknown> }).dims["gated_mlp"],
    true,
  );
  const read = scenarioOfConfigurations([{ text: script }], {
    AC: "full",
    PR: "bf16",
  });
  assertOk(read);
  assertEquals(read.value.missing, []);
  assertEquals(
    (read.value.scenario["train"] as Record<string, unknown>)["checkpointing"],
    "full",
  );
});

/** Commands that name a file which the tool ships, and what it says. */
const SHIPPED: [
  command: string,
  model: string,
  train: Readonly<Record<string, unknown>>,
][] = [
  [
    "tune run lora_finetune_single_device --config llama3_1/8B_qlora_single_device batch_size=8",
    "meta-llama/Llama-3.1-8B",
    { method: "qlora", micro_batch: 8 },
  ],
  [
    "llamafactory-cli train examples/train_lora/qwen3_lora_sft.yaml cutoff_len=1024",
    "Qwen/Qwen3-4B-Instruct-2507",
    { method: "lora", sequence_length: 1_024 },
  ],
  [
    "accelerate launch --config_file examples/accelerate_configs/deepspeed_zero3.yaml trl/scripts/sft.py --model_name_or_path Qwen/Qwen3-8B --per_device_train_batch_size 2",
    "Qwen/Qwen3-8B",
    { micro_batch: 2 },
  ],
  [
    "axolotl train examples/llama-3/qlora-1b.yml",
    "NousResearch/Llama-3.2-1B",
    { method: "qlora", micro_batch: 2 },
  ],
];

for (const [command, model, expected] of SHIPPED) {
  Deno.test(`${command}: the file is that which the tool ships, and said to be`, () => {
    const { scenario, assumed, missing } = imported(command);
    assertEquals(missing, []);
    assertEquals(scenario["model"], model);
    for (const [key, value] of Object.entries(expected)) {
      assertEquals(Object(scenario["train"])[key], value, key);
    }
    assert(
      assumed.some(({ reason }) => /ships it: give the file/.test(reason)),
    );
  });
}

Deno.test("a file of one's own is asked for, though a tool ships one of its name", () => {
  const { missing } = imported(
    "llamafactory-cli train mine/train_lora/qwen3_lora_sft.yaml",
  );
  assertEquals(missing.map(({ name }) => name), [
    "mine/train_lora/qwen3_lora_sft.yaml",
  ]);
});

Deno.test("OpenRLHF's trainers are known by their script too", () => {
  const { scenario } = imported(
    "deepspeed --num_gpus 8 openrlhf/cli/train_sft.py --pretrain Qwen/Qwen3-8B --zero_stage 3",
  );
  assertEquals(scenario["model"], "Qwen/Qwen3-8B");
});
