import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { estimate, tryEstimate } from "../../lib/mod.ts";

const MODEL = "meta-llama/Llama-3.1-8B";

/** Parameters of one of its layers, and of its table of words. */
const LAYER = 218_112_000;
const TABLE = 128_256 * 4096;

type Train = NonNullable<ScenarioInput["train"]>;

function trained(train: Train): number {
  return estimate({ model: MODEL, train }).model.trainable_parameters;
}

Deno.test("the last layers train, or the first", () => {
  assertEquals(trained({ trainable_layers: 4 }), 4 * LAYER);
  assertEquals(trained({ trainable_layers: -1 }), LAYER);
  assertEquals(trained({ trainable_layers: 100 }), 32 * LAYER);
});

Deno.test("parameters train whose whole names a pattern matches, within those layers", () => {
  assertEquals(
    trained({ trainable_parameters: "lm_head.*|model\\.layers\\.3[01]\\..*" }),
    TABLE + 2 * LAYER,
  );
  assertEquals(
    trained({
      trainable_layers: 2,
      trainable_parameters: ".*\\.mlp\\.down_proj\\..*",
    }),
    2 * 4096 * 14_336,
  );
});

Deno.test("what is frozen has no gradients and no states", () => {
  const parts = estimate({
    model: MODEL,
    train: { trainable_layers: 2 },
    precision: { weights: "fp32", frozen: "bf16", autocast: "bf16" },
  }).memory.parts;
  const weights = parts.find(({ name }) => name === "weights")?.bytes;
  const states = parts.find(({ name }) => name === "optimizer states")?.bytes;
  const all = 8_030_261_248;
  assertEquals(weights, 2 * (all - 2 * LAYER) + 4 * 2 * LAYER);
  assert(states !== undefined && states < 2 * 4 * 2 * LAYER * 1.001);
});

Deno.test("a pattern that matches nothing, and no layers, are problems", () => {
  for (
    const [train, path] of [
      [{ trainable_parameters: "decoder.*" }, "train.trainable_parameters"],
      [{ trainable_parameters: "(" }, "train.trainable_parameters"],
      [{ trainable_layers: 0 }, "train.trainable_layers"],
    ] as const
  ) {
    const found = tryEstimate({ model: MODEL, train });
    assert(!found.ok);
    assertStringIncludes(found.problems[0]?.message ?? "", path);
  }
});
