import { assert } from "@std/assert";
import { MAX_CONFIGURATION_LENGTH } from "../../../lib/interop/reading/limits.ts";
import { scenarioOfConfiguration } from "../../../lib/mod.ts";
import { workOf } from "../work.ts";

/** Texts whose reading could take work that grows faster than they do. */
const SLOW: [what: string, size: number, text: (size: number) => string][] = [
  ["keys", 2000, (size) => keys(size).map((key) => `${key}: 1`).join("\n")],
  ["flow", 2000, (size) => `{${keys(size).join(",")}}`],
  ["brackets", 2000, (size) => "[]".repeat(size)],
  ["documents", 2000, (size) => "---\na: 1\n".repeat(size)],
  ["errors", 2000, (size) => ": ".repeat(size)],
  [
    "flags",
    500,
    (size) =>
      `vllm serve x/y ${keys(size).map((key) => `--${key} 1`).join(" ")}`,
  ],
  [
    "lines of a log",
    500,
    (size) =>
      `INFO vLLM engine v1 GPU KV cache size: 7 tokens\n${
        "(EngineCore) Model loading took 14.9 GiB and 2 seconds\n".repeat(size)
      }`,
  ],
  [
    "lines of llama.cpp",
    500,
    (size) =>
      "load_tensors:  CUDA0 model buffer size =  4.5 MiB\n".repeat(size),
  ],
  [
    "conditions",
    100,
    (size) =>
      `${
        "if [ $A = 1 ]; then B=2; fi\n".repeat(size)
      }torchrun x.py --num-layers $B`,
  ],
  [
    "calls of functions",
    100,
    (size) => `f() { A=$1; }\n${"f 2\n".repeat(size)}torchrun --num-layers $A`,
  ],
  [
    "overrides",
    200,
    (size) =>
      `python -m verl.trainer.main_ppo ${
        keys(size).map((key) => `a.${key}=1`).join(" ")
      }`,
  ],
  [
    "calls of Python",
    200,
    (size) =>
      `from trl import SFTConfig\n${
        "x = f([1, (2, 3)], a={'b': 4})\n".repeat(size)
      }SFTConfig(max_length=7)`,
  ],
  [
    "brackets of Python",
    2000,
    (size) =>
      `from trl import SFTConfig\nSFTConfig(max_length=${"(".repeat(size)}`,
  ],
  [
    "tables",
    300,
    (size) =>
      `[job]\na = 1\n[training]\n${
        keys(size).map((key) => `${key} = 1`).join("\n")
      }`,
  ],
  [
    "paragraphs",
    300,
    (size) => `trl sft --x 1\n\n${"a: 1\nb: 2\n\n".repeat(size)}`,
  ],
  [
    "variables",
    100,
    (size) => `A=x\n${"A=$A$A$A\n".repeat(size)}torchrun --num-layers $A`,
  ],
];

function keys(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `k${at}`);
}

for (const [what, size, text] of SLOW) {
  Deno.test(`scenarioOfConfiguration() reads twice the ${what} with twice the work`, () => {
    const [once, twice] = [text(size), text(2 * size)];
    assert(twice.length <= MAX_CONFIGURATION_LENGTH);
    const least = workOf(() => scenarioOfConfiguration(once));
    const most = workOf(() => scenarioOfConfiguration(twice));
    assert(least > size);
    assert(most < 2.3 * least, `${most} steps after ${least}`);
  });
}
