import { assert, assertEquals } from "@std/assert";
import { CALLER } from "../../hub/caller.ts";
import { estimateOnHub, resolveOnHub } from "../../hub/estimate.ts";

const DEEP = {
  model: {
    dims: {
      layers: 400,
      hidden_size: 64,
      attention_heads: 2,
      vocab_size: 1000,
    },
  },
};

Deno.test("what costs too much is refused beforehand, where that is asked for", async () => {
  const ask = (maxCost?: number) =>
    CALLER.run({ maxCost }, () => estimateOnHub(DEEP, null));
  assert((await ask()).ok);
  assert((await ask(100_000)).ok);
  const refused = await ask(1000);
  assert(!refused.ok);
  assertEquals(refused.problems.map(({ path }) => path), ["model"]);
  const resolved = await CALLER.run(
    { maxCost: 1000 },
    () => resolveOnHub(DEEP, null),
  );
  assertEquals(resolved.ok, false);
});
