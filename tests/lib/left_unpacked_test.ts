import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { estimate } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";

Deno.test("a quantisation that leaves layers as they are says so, by its name", () => {
  const warned = (
    model: string,
    rest: Omit<ScenarioInput, "model"> = {},
  ): string[] =>
    estimate({ model, train: { method: "qlora" }, ...rest }).warnings
      .filter((text) => text.startsWith("quantization.weights"));
  const MIXTRAL = "mistralai/Mixtral-8x7B-v0.1";
  const [text = "", ...more] = warned(MIXTRAL);
  assertEquals(more, []);
  assertMatch(
    text,
    /^quantization\.weights nf4: .* experts, 45\.1B of 46\.7B parameters/,
  );
  assertStringIncludes(text, "software.transformers 4.57.1 packs them");
  assertEquals(
    warned(MIXTRAL, { software: { transformers: "4.57.1" } }),
    [],
  );
  // Its experts were parameters in transformers 4 already.
  const [oss = ""] = warned("openai/gpt-oss-20b");
  assertStringIncludes(oss, "leaves the experts");
  assert(!oss.includes("4.57.1"));
  for (
    const model of ["openai/gpt-oss-20b", "meta-llama/Llama-4-Scout-17B-16E"]
  ) {
    const before = warned(model, { software: { transformers: "4.57.1" } });
    assertStringIncludes(before[0] ?? "", "leaves the experts");
  }
  assertMatch(warned("tiiuae/falcon-7b")[0] ?? "", /nf4: .*Falcon's linear/);
  for (const method of ["full", "lora"] as const) {
    assertEquals(warned(MIXTRAL, { train: { method } }), []);
  }
  assertEquals(warned("meta-llama/Llama-3.1-8B"), []);
});

Deno.test("the casting of what is left unpacked is a default that QLoRA's answer lists", () => {
  const listed = (rest: Omit<ScenarioInput, "model">): boolean => {
    const { assumptions } = estimate({ model: "gpt2", ...rest });
    const line = assumptions.find((text) => text.startsWith("Defaults: "));
    return (line ?? "").includes("quantization.kbit_upcast true (");
  };
  assert(listed({ train: { method: "qlora" } }));
  assert(listed({
    train: { method: "lora" },
    quantization: { weights: "int8" },
  }));
  assert(!listed({ train: { method: "lora" } }));
  assert(!listed({ train: { method: "full" } }));
  assert(
    !listed({
      train: { method: "qlora" },
      quantization: { kbit_upcast: false },
    }),
  );
});
