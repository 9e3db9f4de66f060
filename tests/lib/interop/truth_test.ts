import { assert, assertEquals } from "@std/assert";
import {
  parseScenario,
  scenarioOfConfiguration,
  tryEstimate,
} from "../../../lib/mod.ts";
import { NOT_KNOWN } from "../../../lib/interop/reading/apply_format.ts";
import { FORMATS } from "../../../lib/interop/tools.ts";
import { imported } from "./imported.ts";
import expected from "../../truth/configurations/expected.json" with {
  type: "json",
};
import { assertOk } from "../results.ts";

const FOLDER = new URL("../../truth/configurations/", import.meta.url);

/** What each file must become. */
const CASES: [string, typeof expected[keyof typeof expected]][] = Object
  .entries(expected);

for (const [name, wanted] of CASES) {
  Deno.test(`scenarioOfConfiguration() reads ${name}`, async () => {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    const read = scenarioOfConfiguration(text, name);
    assertOk(read);
    const { formats, scenario, ignored, missing } = read.value;
    assertEquals(formats.map(({ id }) => id).join("+"), wanted.format);
    assertEquals(scenario, wanted.scenario as Record<string, unknown>);
    assertEquals(
      ignored.filter(({ moves_memory }) => moves_memory)
        .map(({ key }) => key),
      wanted.moves_memory,
    );
    assertEquals(
      ignored.filter(({ reason }) => reason === NOT_KNOWN).map(({ key }) =>
        key
      ),
      "not_known" in wanted ? wanted.not_known : [],
    );
    assertEquals(
      missing.map(({ name }) => name),
      "missing" in wanted ? wanted.missing : [],
    );
    const answered = scenarioOfConfiguration(text, name, givenTo(wanted));
    assertOk(answered);
    if ("given" in wanted) assertEquals(answered.value.missing, []);
    const model = { model: "Qwen/Qwen3-4B", ...answered.value.scenario };
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
    const own = CASES.filter(([, { format }]) =>
      format.split("+").includes(id)
    );
    assert(own.length >= 3, `${id} has ${own.length}`);
  }
});

/** What a person answers to what a file asks for. */
function givenTo(wanted: object): Record<string, string> {
  return "given" in wanted ? wanted.given as Record<string, string> : {};
}

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

function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    value,
  );
}

const NF4 = "base_model: x\nadapter: qlora\nload_in_4bit: true\n";
const CUT = "axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin";
const LIGER = "axolotl.integrations.liger.LigerPlugin";
const V1 = "model: x\nmodel_class: llm\n";

/**
 * What tools do unless they are told otherwise: setting, field, value. Each is
 * read in the tool's own source, which the importer names.
 */
const TOOLS: [tool: string, text: string, path: string, value: unknown][] = [
  ["Axolotl", NF4, "quantization.weights", "nf4-dq"],
  [
    "Axolotl",
    "base_model: x\nadapter: qlora",
    "quantization.weights",
    "nf4-dq",
  ],
  ...[true, false].map((twice): [string, string, string, unknown] => [
    "Axolotl",
    `${NF4}bnb_config_kwargs: {bnb_4bit_use_double_quant: ${twice}}`,
    "quantization.weights",
    twice ? "nf4-dq" : "nf4",
  ]),
  [
    "Axolotl",
    `${NF4}bnb_config_kwargs: {bnb_4bit_quant_type: fp4}`,
    "quantization.weights",
    "nf4-dq",
  ],
  ["Axolotl", NF4, "quantization.kbit_upcast", false],
  [
    "Axolotl",
    "base_model: x\nadapter: lora\nload_in_8bit: true",
    "quantization.kbit_upcast",
    false,
  ],
  ["Axolotl", `base_model: x\nplugins: [${CUT}]`, "train.loss", "fused"],
  ["Axolotl", `base_model: x\nplugins: ${CUT}`, "train.loss", "fused"],
  [
    "Axolotl",
    `base_model: x\nplugins:\n  - ${LIGER}\n  - ${CUT}\nliger_rope: true`,
    "train.loss",
    "fused",
  ],
  [
    "Axolotl",
    `base_model: x\nplugins: [${CUT}]\ncut_cross_entropy: true`,
    "train.loss",
    "fused",
  ],
  [
    "Axolotl",
    `base_model: x\nplugins: [${CUT}]\ncut_cross_entropy: false`,
    "train.loss",
    undefined,
  ],
  ["Axolotl", `base_model: x\nplugins: [${LIGER}]`, "train.loss", undefined],
  ["Axolotl", `base_model: x\nplugins: [${LIGER}]`, "train.kernels", undefined],
  [
    "Axolotl",
    `base_model: x\nplugins: [${LIGER}]\nliger_fused_linear_cross_entropy: true`,
    "train.loss",
    "fused",
  ],
  [
    "LLaMA-Factory",
    "quantization_bit: 4\nfinetuning_type: lora",
    "quantization.weights",
    "nf4-dq",
  ],
  [
    "LLaMA-Factory",
    "quantization_bit: 4\ndouble_quantization: false\nfinetuning_type: lora",
    "quantization.weights",
    "nf4",
  ],
  ...["sft", "pt", "dpo", "rm", "kto"].map((
    stage,
  ): [string, string, string, unknown] => [
    "LLaMA-Factory",
    `stage: ${stage}\nfinetuning_type: lora\nenable_liger_kernel: true`,
    "train.loss",
    stage === "sft" || stage === "pt" ? "fused" : "full",
  ]),
  [
    "LLaMA-Factory v1",
    `${V1}quant_config: {quantization_bit: 4}`,
    "quantization.weights",
    "nf4-dq",
  ],
  [
    "LLaMA-Factory v1",
    `${V1}quant_config: {quantization_bit: 4, double_quantization: false}`,
    "quantization.weights",
    "nf4",
  ],
  [
    "LLaMA-Factory v1",
    `${V1}kernel_config: {name: liger_kernel}`,
    "train.loss",
    "full",
  ],
  [
    "LLaMA-Factory v1",
    `${V1}kernel_config: {name: liger_kernel, require_logits: false}`,
    "train.loss",
    "fused",
  ],
  [
    "TRL",
    "model_name_or_path: x\nper_device_train_batch_size: 1\nuse_peft: true\nload_in_4bit: true",
    "quantization.weights",
    "nf4",
  ],
  [
    "TRL",
    "model_name_or_path: x\nper_device_train_batch_size: 1\nuse_peft: true\nload_in_4bit: true\nuse_bnb_nested_quant: true",
    "quantization.weights",
    "nf4-dq",
  ],
];

for (const [tool, text, path, value] of TOOLS) {
  Deno.test(`${tool} means ${path} = ${value} by ${JSON.stringify(text)}`, () => {
    const read = scenarioOfConfiguration(text);
    assertOk(read);
    const found = path.split(".").reduce<unknown>(
      (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
      read.value.scenario,
    );
    assertEquals(found, value);
  });
}

Deno.test("Axolotl's plugins that move memory are named, each on its own", () => {
  const read = scenarioOfConfiguration(
    `base_model: x\nplugins:\n  - ${CUT}\n  - axolotl.integrations.spectrum.SpectrumPlugin\n  - axolotl.integrations.swanlab.SwanLabPlugin`,
  );
  assertOk(read);
  const { ignored } = read.value;
  assertEquals(
    ignored.filter(({ key, moves_memory }) => key === "plugins" && moves_memory)
      .map(({ value }) => value),
    ['"axolotl.integrations.spectrum.SpectrumPlugin"'],
  );
});
