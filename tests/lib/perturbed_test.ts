import { assertEquals } from "@std/assert";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import truth from "../truth/perturbed.json" with { type: "json" };

interface Perturbed {
  name: string;
  total: number;
  config: Record<string, unknown>;
}

const { models, otherwise } = truth as unknown as {
  models: Perturbed[];
  otherwise: string[];
};

Deno.test("classes of transformers are counted exactly with fields changed at random", () => {
  const off = models.filter(({ config, total }) => {
    const built = resolveModel({ config });
    if (!built.ok) return true;
    const { parameters, parameters_basis, doubts = [] } = built.value;
    return parameters !== total || parameters_basis !== "exact" ||
      doubts.length > 0;
  });
  // What comes out otherwise is known by name; the list only becomes shorter.
  assertEquals(off.map(({ name }) => name).sort(), otherwise);
  console.log(`${models.length - off.length} of ${models.length} exact`);
});
