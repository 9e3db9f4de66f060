import { MAX_COMPARED } from "../../lib/mod.ts";
import { LINES_TYPE } from "../batch_lines.ts";
import type { Operation, Parameter } from "./operation.ts";
import {
  bodyOf,
  content,
  operation,
  parametersOf,
  ref,
  schemaOf,
} from "./operation.ts";
import * as requests from "./requests.ts";

const SCENARIO = ref("Scenario");

/** A scenario as a query: its fields under their dotted paths. */
const FIELDS: Parameter[] = [
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

/** Scenarios of a comparison, each a query of its own inside of the query. */
const SLOTS: Parameter[] = Array.from({ length: MAX_COMPARED }, (_, at) => ({
  name: `s${at + 1}`,
  in: "query",
  ...(at === 0 ? { required: true } : {}),
  description: "a scenario as a query, such as model=gpt2&train.micro_batch=4",
  schema: { type: "string" },
}));

const SAME = "The same, by a query";

/** Every address of the API. */
export const PATHS: Record<string, Record<string, Operation>> = {
  "/api/v1/estimate": both(
    "estimate",
    "Will it fit?",
    "Estimate",
    parametersOf(requests.estimateOptions),
  ),
  "/api/v1/batch": {
    post: operation(
      "batch",
      "Estimates of many scenarios, a line each, as they come; a bad line is answered with its Refusal",
      "Estimate",
      {
        parameters: parametersOf(requests.estimateOptions),
        body: content({
          [LINES_TYPE]: { schema: schemaOf(requests.batchLines) },
        }),
        type: LINES_TYPE,
      },
    ),
  },
  "/api/v1/evidence": both(
    "evidence",
    "The measured runs nearest to a scenario",
    "Evidence",
    parametersOf(requests.estimateOptions),
  ),
  "/api/v1/advice": both("advice", "What would make it fit", "Advice", []),
  "/api/v1/explain": {
    post: operation("explain", "Why memory ran short", "Explanation", {
      body: bodyOf(
        {
          text: schemaOf(requests.errorText),
          scenario: {
            type: "object",
            description:
              "fields of a Scenario that are known beside, which win; without a model the text's own is taken",
          },
        },
        {},
        ["text"],
      ),
    }),
  },
  "/api/v1/largest": {
    post: operation("largest", "The largest that fits", "Largest", {
      body: bodyOf({ scenario: SCENARIO }, requests.largestOptions),
    }),
    get: operation("getLargest", SAME, "Largest", {
      parameters: [...FIELDS, ...parametersOf(requests.largestOptions)],
    }),
  },
  "/api/v1/compare": {
    post: operation("compare", "Scenarios side by side", "Compared", {
      parameters: parametersOf(requests.fitOption),
      body: bodyOf({
        scenarios: {
          type: "array",
          items: SCENARIO,
          minItems: 1,
          maxItems: MAX_COMPARED,
        },
      }),
    }),
    get: operation("getCompare", SAME, "Compared", {
      parameters: [...SLOTS, ...parametersOf(requests.fitOption)],
    }),
  },
  "/api/v1/strategies": {
    post: operation("strategies", "Ways over several GPUs", "Strategies", {
      body: bodyOf({ scenario: SCENARIO }, requests.strategiesOptions),
    }),
    get: operation("getStrategies", SAME, "Strategies", {
      parameters: [...FIELDS, ...parametersOf(requests.strategiesOptions)],
    }),
  },
  "/api/v1/import": {
    post: operation("importConfiguration", "Reads a file", "Imported", {
      parameters: parametersOf(requests.nameOption),
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
      parameters: parametersOf(requests.formatOption),
      body: content({ "application/json": { schema: SCENARIO } }),
    }),
    get: operation("getExport", SAME, "Exported", {
      parameters: [...FIELDS, ...parametersOf(requests.formatOption)],
    }),
  },
  "/api/v1/models": {
    get: operation("models", "The catalogue of models", "Models", {
      parameters: parametersOf(requests.wordsOption),
    }),
  },
  "/api/v1/gpus": {
    get: operation("gpus", "The catalogue of GPUs", "Gpus", {
      parameters: parametersOf(requests.wordsOption),
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

/** POST with a scenario as its body, and GET with one as its query. */
function both(
  id: string,
  summary: string,
  answer: string,
  more: readonly Parameter[],
): Record<string, Operation> {
  return {
    post: operation(id, summary, answer, {
      parameters: more,
      body: content({ "application/json": { schema: SCENARIO } }),
    }),
    get: operation(
      `get${id[0]?.toUpperCase()}${id.slice(1)}`,
      SAME,
      answer,
      { parameters: [...FIELDS, ...more] },
    ),
  };
}
