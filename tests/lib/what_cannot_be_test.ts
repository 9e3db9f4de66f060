import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { estimate } from "../../lib/ask/estimate.ts";
import type { ScenarioInput } from "../../lib/scenario/parse_scenario.ts";

function warningsOf(rest: Omit<ScenarioInput, "model">): string {
  return estimate({ model: "Qwen/Qwen3-4B", ...rest }).warnings.join("\n");
}

Deno.test("FP8 training on a GPU without products in 8 bits is warned of", () => {
  const on = (gpu: string) =>
    warningsOf({ precision: { fp8: "tensorwise" }, hardware: { gpu } });
  assertStringIncludes(
    on("A100-80GB"),
    "A100-80GB has compute capability 8.0, and products in 8 bits need 8.9",
  );
  for (const gpu of ["RTX 4090", "H100-80GB", "B200", "MI300X"]) {
    assertEquals(on(gpu), "", gpu);
  }
});

Deno.test("a target's length of a model that only decodes says that there is none", () => {
  const told = warningsOf({ train: { target_length: 64 } });
  assertStringIncludes(
    told,
    "train.target_length 64 has no effect: Qwen/Qwen3-4B has no decoder that reads an encoder",
  );
  const t5 = estimate({
    model: "google-t5/t5-base",
    train: { target_length: 64 },
  });
  assert(!t5.warnings.join("\n").includes("train.target_length"));
});

Deno.test("QLoRA that nobody names a format of is told as NF4 where Mamba-2's kernel cannot run", () => {
  const { warnings } = estimate({
    model: "tiiuae/Falcon-H1-7B-Instruct",
    train: { method: "qlora" },
  });
  assertStringIncludes(
    warnings.join("\n"),
    "quantization.weights nf4: mamba_ssm's kernel",
  );
});

Deno.test("a sequence beyond a model's positions is warned of once", () => {
  for (
    const [model, words] of [
      ["google-bert/bert-base-uncased", "its code would stop"],
      ["Qwen/Qwen3-0.6B", "else it needs longer rotations"],
    ] as const
  ) {
    const { warnings } = estimate({
      model,
      train: { sequence_length: 65_536 },
    });
    const told = warnings.filter((each) => each.includes("sequence_length"));
    assertEquals(told.length, 1, model);
    assertStringIncludes(told.join(), words);
  }
});
