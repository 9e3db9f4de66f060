import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { tryEstimate } from "../../lib/mod.ts";
import { assertOk } from "./results.ts";

type Rest = Omit<ScenarioInput, "model" | "software">;

function estimated(
  model: string,
  mixer_kernels: "packages" | "torch",
  rest: Rest = {},
): Estimate {
  const result = tryEstimate({
    model,
    software: { mixer_kernels },
    ...rest,
  });
  assertOk(result);
  return result.value;
}

function peakOf({ memory }: Estimate, phase: string): number {
  return memory.phases?.find(({ name }) => name === phase)?.peak_bytes ?? 0;
}

for (
  const model of [
    "Qwen/Qwen3.5-4B",
    "tiiuae/Falcon-H1-3B-Instruct",
    "LiquidAI/LFM2-1.2B",
  ]
) {
  Deno.test(`${model} without the packages' kernels takes more, which is said`, () => {
    const train: Rest = { train: { sequence_length: 2048 } };
    const [with_, without] = (["packages", "torch"] as const).map((kernels) =>
      estimated(model, kernels, train)
    ) as [Estimate, Estimate];
    assertEquals(without.method, "timeline");
    assert(peakOf(without, "forward") > peakOf(with_, "forward"));
    assertStringIncludes(
      without.assumptions.join("\n"),
      "transformers' own code in PyTorch",
    );
  });
}

const QLORA: Rest = {
  train: { method: "qlora", lora: { targets: ["in_proj", "o_proj"] } },
  quantization: { weights: "nf4" },
};

Deno.test("a packed out_proj of Mamba-2 is played without its kernel, and warned of", () => {
  const model = "ibm-granite/granite-4.0-h-tiny";
  const [with_, without] = (["packages", "torch"] as const).map((kernels) =>
    estimated(model, kernels, QLORA)
  ) as [Estimate, Estimate];
  assertEquals(with_.method, "timeline");
  assertEquals(with_.memory.phases, without.memory.phases);
  assertStringIncludes(
    with_.warnings.join("\n"),
    "multiplies by out_proj itself",
  );
});

Deno.test("a scan of Mamba's first version is not played token by token", () => {
  const { method, warnings } = estimated(
    "state-spaces/mamba-2.8b-hf",
    "torch",
  );
  assertEquals(method, "factors");
  assertStringIncludes(warnings.join("\n"), "software.mixer_kernels torch");
});

Deno.test("a delta rule that a channel decays by is played in fla's kernels alone", () => {
  const id = "moonshotai/Kimi-Linear-48B-A3B-Instruct";
  assertEquals(estimated(id, "packages").method, "timeline");
  const { method, warnings } = estimated(id, "torch");
  assertEquals(method, "factors");
  assertStringIncludes(
    warnings.join("\n"),
    "without flash-linear-attention (software.mixer_kernels torch)",
  );
});
