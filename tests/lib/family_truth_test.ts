import { assert, assertEquals } from "@std/assert";
import { FAMILIES } from "../../lib/models/families/mod.ts";
import { ConfigReader } from "../../lib/models/tensors/config_reader.ts";
import type { Buffer, Tensor } from "../../lib/models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../../lib/models/tensors/tensor.ts";
import { TensorScope } from "../../lib/models/tensors/tensor_scope.ts";
import truth from "../truth/parameters.json" with { type: "json" };
import classic from "../truth/random_classic.json" with { type: "json" };
import dense from "../truth/random_dense.json" with { type: "json" };
import recent from "../truth/random_recent.json" with { type: "json" };
import vision from "../truth/random_vision.json" with { type: "json" };

interface Truth {
  name: string;
  model_type: string;
  config: Record<string, unknown>;
  total: number;
  buffer_bytes: number;
  tensors: [name: string, shape: number[], copies: number][];
}

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
      const total = scope.tensors.reduce(
        (sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor),
        0,
      );
      assertEquals(total, model.total);
      exact++;
    },
  });
}

function bufferBytes(buffers: readonly Buffer[]): number {
  return buffers.reduce(
    (sum, buffer) =>
      sum + elementsOf(buffer) * copiesOf(buffer) * buffer.bytes_per_element,
    0,
  );
}

Deno.test("every model of the truth is exact", () => {
  console.log(`${models.length} models, ${exact} exact`);
  assertEquals(exact, models.length);
});

/** Copies by name and shape, with N for every number in a name. */
function tally(tensors: readonly Tensor[]): Record<string, number> {
  const copies: Record<string, number> = {};
  for (const tensor of tensors) {
    const key = `${tensor.name.replaceAll(/\.\d+(?=\.|$)/g, ".N")} ${
      JSON.stringify(tensor.shape)
    }`;
    copies[key] = (copies[key] ?? 0) + copiesOf(tensor);
  }
  return sorted(copies);
}

function expected({ tensors }: Truth): Record<string, number> {
  return sorted(Object.fromEntries(
    tensors.map((
      [name, shape, copies],
    ) => [`${name} ${JSON.stringify(shape)}`, copies]),
  ));
}

function sorted(copies: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(copies).sort(([a], [b]) => a < b ? -1 : 1),
  );
}
