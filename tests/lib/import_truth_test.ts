import { assert, assertEquals } from "@std/assert";
import type { Imported } from "../../lib/mod.ts";
import {
  parseScenario,
  scenarioOfConfiguration,
  tryEstimate,
} from "../../lib/mod.ts";
import { FORMATS } from "../../lib/importers/formats.ts";
import expected from "../truth/configurations/expected.json" with {
  type: "json",
};

const FOLDER = new URL("../truth/configurations/", import.meta.url);

/** What each file must become. */
const CASES: [string, typeof expected[keyof typeof expected]][] = Object
  .entries(expected);

for (const [name, wanted] of CASES) {
  Deno.test(`scenarioOfConfiguration() reads ${name}`, async () => {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    const read = scenarioOfConfiguration(text, name);
    assert(read.ok, JSON.stringify(read));
    const { formats, scenario, ignored } = read.value;
    assertEquals(formats.map(({ id }) => id), [wanted.format]);
    assertEquals(scenario, wanted.scenario as Record<string, unknown>);
    assertEquals(
      ignored.filter(({ moves_memory }) => moves_memory)
        .map(({ key }) => key),
      wanted.moves_memory,
    );
    assertEquals(
      ignored.filter(({ reason }) => reason.startsWith("not a setting")),
      [],
    );
    const model = { model: "Qwen/Qwen3-4B", ...scenario };
    assert(parseScenario(model).ok);
    assert(tryEstimate(model).ok, JSON.stringify(tryEstimate(model)));
  });
}

Deno.test("each file of configurations has its expectation, each format three files", async () => {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (name !== "expected.json") files.push(name);
  }
  assertEquals(files.toSorted(), Object.keys(expected).toSorted());
  for (const { id } of FORMATS) {
    // These two are Headroom's own, and the calculator's with a test of its own.
    if (id === "scenario" || id === "memory-calculator") continue;
    const own = CASES.filter(([, { format }]) => format === id);
    assert(own.length >= 3, `${id} has ${own.length}`);
  }
});

/** The tables of the calculators' references: setting, field, value. */
const TABLES: [text: string, path: string, value: unknown][] = [
  ["per_device_train_batch_size: 3", "train.micro_batch", 3],
  ["gradient_accumulation_steps: 7", "train.gradient_accumulation", 7],
  ["bf16: true\noptim: sgd", "precision.weights", "bf16"],
  ["fp16: true\noptim: sgd", "precision.weights", "fp16"],
  ["gradient_checkpointing: true", "train.checkpointing", "full"],
  ["optim: adamw_torch", "optimizer.name", "adamw"],
  ["optim: adamw_bnb_8bit", "optimizer.name", "adamw"],
  ["peft_type: LORA\nr: 5", "train.lora.rank", 5],
  ["peft_type: LORA\nlora_alpha: 5", "train.lora.alpha", 5],
  ["r: 5\ntarget_modules: [q_proj]", "train.lora.targets", ["q_proj"]],
  ["flash_attn: fa2\ncutoff_len: 9", "train.attention", "flash"],
  ["enable_liger_kernel: true\ncutoff_len: 9", "train.kernels", "liger"],
  ["enable_liger_kernel: true\ncutoff_len: 9", "train.loss", "fused"],
  ["zero_stage: 2\ncutoff_len: 9", "engine.zero_stage", 2],
  [
    "quantization_bit: 4\nfinetuning_type: lora",
    "train.method",
    "qlora",
  ],
  [`{"zero_optimization": {"stage": 3}}`, "engine.zero_stage", 3],
  [
    `{"train_micro_batch_size_per_gpu": 6}`,
    "train.micro_batch",
    6,
  ],
  [
    `{"train_batch_size": 48, "train_micro_batch_size_per_gpu": 6, "gradient_accumulation_steps": 1}`,
    "parallel.gpus",
    8,
  ],
];

for (const [text, path, value] of TABLES) {
  Deno.test(`the references' tables hold: ${text.replaceAll("\n", ", ")} gives ${path}`, () => {
    assertEquals(at(imported(text).scenario, path), value);
  });
}

function imported(text: string): Imported {
  const read = scenarioOfConfiguration(text);
  assert(read.ok, JSON.stringify(read));
  return read.value;
}

function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    value,
  );
}
