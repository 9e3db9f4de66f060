import { assert, assertEquals, assertMatch } from "@std/assert";
import { headroom } from "./headroom.ts";

/**
 * Every command line of the document of vram_calculator.py, from its first
 * argument on. `python3 vram_calculator.py` is replaced by `tables`, and the
 * folder ./my_config by one that the test writes; `pip3 install -r
 * requirements.txt` installs what is not needed here.
 */
const TABLES: [where: string, args: string][] = [
  ["basic usage", "microsoft/DialoGPT-medium"],
  ["data type", "meta-llama/Llama-2-7b-hf --dtype bf16"],
  [
    "batch and length",
    "mistralai/Mistral-7B-v0.1 --batch-size 4 --sequence-length 4096",
  ],
  ["details", "--show-detailed microsoft/DialoGPT-medium"],
  [
    "LoRA rank",
    "--lora-rank 128 --show-detailed microsoft/DialoGPT-medium",
  ],
  ["types", "--list-types"],
  ["configuration", "--config-dir MY_CONFIG microsoft/DialoGPT-medium"],
];

for (const [where, args] of TABLES) {
  Deno.test(`tables runs ${where}`, async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(
      `${folder}/data_types.json`,
      '{"your_custom_format": {"bytes_per_param": 0.75, "description": "6 bits"}}',
    );
    const { code, out, err } = await headroom([
      "tables",
      ...args.replace("MY_CONFIG", folder).split(" "),
    ]);
    await Deno.remove(folder, { recursive: true });
    assertEquals([code, err], [0, ""]);
    if (args === "--list-types") {
      assertMatch(out, /^nvfp4 +0\.5 /m);
      assertMatch(out, /^RTX 4090 +24 GB /m);
    } else {
      assertMatch(out, /^Parameters: [\d,]+ /m);
      assertMatch(out, /^Data type +Bytes +Total +Inference/m);
    }
    assertEquals(
      /^Parallel strategies/m.test(out),
      args.includes("--show-detailed"),
    );
    if (args.includes("MY_CONFIG")) {
      assertMatch(out, /^YOUR_CUSTOM_FORMAT +0\.75 +0\.25 /m);
    }
  });
}

Deno.test("tables --count dimensions prints the document's example, digit by digit", async () => {
  const { out } = await headroom([
    "tables",
    "--show-detailed",
    "--count",
    "dimensions",
    "microsoft/DialoGPT-medium",
  ]);
  assertMatch(out, /^Model: microsoft\/DialoGPT-medium$/m);
  assertMatch(out, /^Architecture: gpt2$/m);
  assertMatch(out, /^Parameters: 404,966,400 /m);
  for (
    const line of [
      "FP32 4 1.51 1.81 7.84 1.84",
      "FP16 2 0.75 0.91 3.92 0.94",
      "BF16 2 0.75 0.91 3.92 0.94",
      "INT8 1 0.38 0.45 1.96 0.48",
      "INT4 0.5 0.19 0.23 0.98 0.26",
      "Single GPU 1 1 1 1 0.91 4GB+",
      "Tensor Parallel 8 1 1 1 0.11 4GB+",
      "Pipeline Parallel 1 4 1 1 0.23 4GB+",
      "TP + PP 4 4 1 1 0.06 4GB+",
      "Single GPU inference: 0.9 GiB (4GB+)",
      "Single GPU training: 3.9 GiB (4GB+)",
      "Single GPU LoRA: 0.9 GiB (4GB+)",
    ]
  ) {
    assert(
      out.split("\n").some((each) => each.replaceAll(/ +/g, " ") === line),
      line,
    );
  }
  for (const gpu of ["RTX 4090", "A100 40GB", "A100 80GB", "H100"]) {
    assertMatch(out, new RegExp(`^${gpu} +\\d+ GB +[\\d.]+ +✓ +✓ +✓$`, "m"));
  }
});
