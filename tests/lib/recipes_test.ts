import { assert, assertEquals } from "@std/assert";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import { FAMILIES } from "../../lib/models/families/mod.ts";
import { ConfigReader } from "../../lib/models/tensors/config_reader.ts";
import { TensorScope } from "../../lib/models/tensors/tensor_scope.ts";
import truth from "../truth/recipes.json" with { type: "json" };
import type { Truth } from "./tensor_truth.ts";
import { expected, parametersOf, tally } from "./tensor_truth.ts";

const models = truth as unknown as Truth[];

for (const model of models) {
  Deno.test(`${model.class}: ${model.name} has exactly its tensors`, () => {
    const family = FAMILIES[model.model_type];
    assert(family, `No family declares ${model.model_type}`);
    const config = new ConfigReader({
      ...model.config,
      architectures: [model.class],
    });
    const scope = new TensorScope();
    family(config, scope);
    assertEquals(config.problems, []);
    assertEquals(tally(scope.tensors), expected(model));
    assertEquals(parametersOf(scope.tensors), model.total);
  });
}

/** A type of which some configs came out otherwise when its formulas were found. */
const PARTLY = "wavlm";

for (const model of models) {
  Deno.test(`${model.class}: ${model.name} is counted as a whole model`, () => {
    const { model_type: type } = model;
    const config: Record<string, unknown> = {
      ...model.config,
      architectures: [model.class],
    };
    const built = modelOfConfig(config, { name: "", source: "config" });
    // A model of speech whose config has no vocabulary is refused.
    if (config["vocab_size"] === null) {
      return assert(!built.ok);
    }
    assert(built.ok, type);
    assertEquals(built.value.parameters, model.total);
    if (type === PARTLY) assertEquals(built.value.parameters_basis, "assumed");
  });
}
