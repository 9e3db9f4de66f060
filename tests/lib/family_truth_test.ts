import { assert, assertEquals } from "@std/assert";
import { FAMILIES } from "../../lib/models/families/mod.ts";
import { ConfigReader } from "../../lib/models/tensors/config_reader.ts";
import { TensorScope } from "../../lib/models/tensors/tensor_scope.ts";
import truth from "../truth/parameters.json" with { type: "json" };
import classic from "../truth/random_classic.json" with { type: "json" };
import dense from "../truth/random_dense.json" with { type: "json" };
import recent from "../truth/random_recent.json" with { type: "json" };
import vision from "../truth/random_vision.json" with { type: "json" };
import type { Truth } from "./tensor_truth.ts";
import { bufferBytes, expected, parametersOf, tally } from "./tensor_truth.ts";

const GROUPS = [truth, dense, classic, vision, recent] as unknown as Truth[][];

const models = GROUPS.flat();
let exact = 0;

for (const model of models) {
  const family = FAMILIES[model.model_type];
  Deno.test({
    name: `${model.model_type}: ${model.name} has exactly its tensors`,
    fn() {
      const config = new ConfigReader(model.config);
      const scope = new TensorScope();
      assert(family, `No family declares ${model.model_type}`);
      family(config, scope);
      assertEquals(config.problems, []);
      assertEquals(tally(scope.tensors), expected(model));
      assertEquals(bufferBytes(scope.buffers), model.buffer_bytes);
      assertEquals(parametersOf(scope.tensors), model.total);
      exact++;
    },
  });
}

Deno.test("every model of the truth is exact", () => {
  console.log(`${models.length} models, ${exact} exact`);
  assertEquals(exact, models.length);
});
