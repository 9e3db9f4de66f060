import { z } from "zod";
import type { JsonSchema } from "../../lib/mod.ts";
import { scenarioJsonSchema } from "../../lib/mod.ts";
import * as answers from "./answers.ts";
import { PATHS } from "./paths.ts";

const SCHEMAS = {
  Refusal: answers.refusalAnswer,
  Estimate: answers.estimateAnswer,
  Evidence: answers.evidenceAnswer,
  Advice: answers.adviceAnswer,
  Explanation: answers.explainAnswer,
  Largest: answers.largestAnswer,
  Compared: answers.comparedAnswer,
  Strategies: answers.strategiesAnswer,
  Imported: answers.importedAnswer,
  Exported: answers.exportedAnswer,
  Models: answers.modelsAnswer,
  Gpus: answers.gpusAnswer,
} as const;

/** The API as OpenAPI 3.1 describes it, made of the schemas that it reads by. */
export function openApiDocument(): JsonSchema {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) {
    registry.add(schema, { id });
  }
  const { schemas } = z.toJSONSchema(registry, {
    io: "output",
    uri: (id) => `#/components/schemas/${id}`,
  });
  return {
    openapi: "3.1.0",
    info: {
      title: "Headroom",
      version: "1",
      description:
        "Predicts the GPU memory of training and serving language models. All memory is in bytes.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths: PATHS,
    components: {
      schemas: {
        Scenario: scenarioJsonSchema(),
        ...Object.fromEntries(
          Object.entries(schemas).map(([id, schema]) => {
            const { $schema: _s, $id: _i, ...own } = schema;
            return [id, own];
          }),
        ),
      },
    },
  };
}
