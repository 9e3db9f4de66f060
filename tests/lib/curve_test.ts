import { assert, assertEquals } from "@std/assert";
import { curveOf } from "../../lib/play/readers/curve.ts";
import { played } from "./played.ts";

const DIMS = {
  hidden_size: 1024,
  attention_heads: 16,
  intermediate_size: 4096,
  vocab_size: 32_000,
  tie_embeddings: false,
  gated_mlp: true,
};

for (const checkpointing of ["none", "full"] as const) {
  Deno.test(`the curve of 5,000 layers has few points, the highest among them (checkpointing ${checkpointing})`, () => {
    const deep = played({
      model: { dims: { ...DIMS, layers: 5000 } },
      train: { checkpointing },
      optimizer: { name: "sgd" },
    });
    const { points } = curveOf(deep.program);
    assert(points.length < 2200, `${points.length} points`);
    const highest = Math.max(...points.map(({ bytes }) => bytes));
    assertEquals(highest, deep.peak.bytes);
    assertEquals(points.at(-1)?.bytes, deep.standingBytes);
  });
}

Deno.test("the curve of a model as deep as there are shows every layer", () => {
  const { points } = curveOf(
    played({ model: { dims: { ...DIMS, layers: 200 } } }).program,
  );
  const layers = new Set(
    points.flatMap(({ at }) => typeof at === "number" ? [at] : []),
  );
  assertEquals(layers.size, 200);
});

Deno.test("the curve begins with the rollout where completions are made on the same GPU", () => {
  const { points } = curveOf(
    played({
      model: { dims: { ...DIMS, layers: 4 } },
      train: {
        objective: "grpo",
        prompt_tokens: 64,
        completion_tokens: 64,
        micro_batch: 8,
        checkpointing: "full",
      },
    }).program,
  );
  const phases = [...new Set(points.map(({ phase }) => phase))];
  assertEquals(phases, ["rollout", "forward", "backward", "optimizer"]);
});
