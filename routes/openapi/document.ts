import { z } from "zod";
import type { JsonSchema } from "../../lib/mod.ts";
import { EXPORTS, MAX_COMPARED, scenarioJsonSchema } from "../../lib/mod.ts";
import { MAX_DEVICES } from "../../lib/scenario/limits.ts";
import { BANDWIDTH_FIELDS } from "../../templates/traffic/bandwidth_fields.ts";
import * as answers from "./answers.ts";

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

type SchemaName = keyof typeof SCHEMAS | "Scenario";

/** An operation of the API, as OpenAPI writes it. */
type Operation = Record<string, unknown>;

const SCENARIO = ref("Scenario");

/** A scenario as a query: its fields under their dotted paths. */
const FIELDS = [
  {
    name: "model",
    in: "query",
    required: true,
    description: "a catalogue name, a short name or owner/name on the Hub",
    schema: { type: "string" },
  },
  {
    name: "fields",
    in: "query",
    style: "form",
    explode: true,
    description:
      "any other field of a Scenario by its dotted path, such as train.micro_batch=4",
    schema: { type: "object", additionalProperties: { type: "string" } },
  },
];

const MORE = [
  ...["traffic", "capacity", "curve", "opinions"].map((name) =>
    parameter(name, { type: "boolean", default: false })
  ),
  parameter("fit", { type: "string", enum: ["all", "own"], default: "all" }),
  ...BANDWIDTH_FIELDS.map(({ name }) => parameter(name, { type: "number" })),
];

const FIELD = {
  type: "string",
  description:
    "the dotted path of a whole number, such as train.micro_batch; of parallel.gpus the fewest are told",
};
const FROM = { type: "integer", minimum: 0, default: 0 };
const GPU_COUNT = { type: "integer", minimum: 1, maximum: MAX_DEVICES };
const WORDS = [parameter("q", { type: "string", maxLength: 200 })];

const PATHS: Record<string, Record<string, Operation>> = {
  "/api/v1/estimate": both("estimate", "Will it fit?", "Estimate", MORE),
  "/api/v1/evidence": both(
    "evidence",
    "The measured runs nearest to a scenario",
    "Evidence",
    MORE,
  ),
  "/api/v1/advice": both("advice", "What would make it fit", "Advice", []),
  "/api/v1/explain": {
    post: operation("explain", "Why memory ran short", "Explanation", {
      body: bodyOf({
        text: {
          type: "string",
          description:
            "an error of memory, its log, nvidia-smi's table, a memory_summary or a memory snapshot as JSON",
        },
        scenario: {
          type: "object",
          description:
            "fields of a Scenario that are known beside, which win; without a model the text's own is taken",
        },
      }, ["text"]),
    }),
  },
  "/api/v1/largest": {
    post: operation("largest", "The largest that fits", "Largest", {
      body: bodyOf({ scenario: SCENARIO, field: FIELD }, ["scenario"]),
    }),
    get: operation("getLargest", "The same, by a query", "Largest", {
      parameters: [...FIELDS, parameter("field", FIELD)],
    }),
  },
  "/api/v1/compare": {
    post: operation("compare", "Scenarios side by side", "Compared", {
      body: bodyOf({
        scenarios: {
          type: "array",
          items: SCENARIO,
          minItems: 1,
          maxItems: MAX_COMPARED,
        },
      }, ["scenarios"]),
    }),
  },
  "/api/v1/strategies": {
    post: operation("strategies", "Ways to train on GPUs", "Strategies", {
      body: bodyOf({ scenario: SCENARIO, gpus: GPU_COUNT, from: FROM }, [
        "scenario",
      ]),
    }),
    get: operation("getStrategies", "The same, by a query", "Strategies", {
      parameters: [
        ...FIELDS,
        parameter("gpus", GPU_COUNT),
        parameter("from", FROM),
      ],
    }),
  },
  "/api/v1/import": {
    post: operation("importConfiguration", "Reads a file", "Imported", {
      parameters: [parameter("name", { type: "string" })],
      body: content({
        "text/plain": { schema: { type: "string" } },
        "multipart/form-data": {
          schema: {
            type: "object",
            properties: {
              configuration_file: {
                type: "array",
                items: { type: "string", format: "binary" },
              },
            },
          },
        },
      }),
    }),
  },
  "/api/v1/export": {
    post: operation("exportScenario", "Writes a file", "Exported", {
      parameters: [{
        ...parameter("format", {
          type: "string",
          enum: EXPORTS.map(({ id }) => id),
        }),
        required: true,
      }],
      body: content({ "application/json": { schema: SCENARIO } }),
    }),
  },
  "/api/v1/models": {
    get: operation("models", "The catalogue of models", "Models", {
      parameters: WORDS,
    }),
  },
  "/api/v1/gpus": {
    get: operation("gpus", "The catalogue of GPUs", "Gpus", {
      parameters: WORDS,
    }),
  },
  "/api/v1/openapi.json": {
    get: {
      operationId: "openapi",
      summary: "This document",
      responses: {
        200: {
          description: "OpenAPI 3.1",
          content: { "application/json": { schema: { type: "object" } } },
        },
      },
    },
  },
};

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

/** POST with a scenario as its body, and GET with one as its query. */
function both(
  id: string,
  summary: string,
  answer: SchemaName,
  more: readonly object[],
): Record<string, Operation> {
  return {
    post: operation(id, summary, answer, {
      parameters: more,
      body: content({ "application/json": { schema: SCENARIO } }),
    }),
    get: operation(
      `get${id[0]?.toUpperCase()}${id.slice(1)}`,
      "The same, by a query",
      answer,
      { parameters: [...FIELDS, ...more] },
    ),
  };
}

function operation(
  operationId: string,
  summary: string,
  answer: SchemaName,
  { parameters = [], body }: {
    parameters?: readonly object[];
    body?: object;
  },
): Operation {
  const told = (description: string, name: SchemaName) => ({
    description,
    content: { "application/json": { schema: ref(name) } },
  });
  return {
    operationId,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: {
      200: told("The answer", answer),
      422: told("What was sent cannot be used", "Refusal"),
      default: told("Refused for another reason", "Refusal"),
    },
  };
}

function ref(name: SchemaName): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

function parameter(name: string, schema: JsonSchema): Record<string, unknown> {
  return { name, in: "query", schema };
}

function content(types: Record<string, object>): object {
  return { required: true, content: types };
}

function bodyOf(
  properties: Record<string, JsonSchema>,
  required: readonly string[],
): object {
  return content({
    "application/json": {
      schema: {
        type: "object",
        properties,
        required,
        additionalProperties: false,
      },
    },
  });
}
