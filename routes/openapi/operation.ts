import { z } from "zod";
import type { JsonSchema } from "../../lib/mod.ts";

/** An operation of the API, as OpenAPI writes it. */
export type Operation = Record<string, unknown>;

/** A parameter of an address, as OpenAPI writes it. */
export type Parameter = Record<string, unknown>;

/** Options by their names. */
type Options = Record<string, z.ZodType>;

/** Where a named schema of the document stands. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** A schema of zod's in the document's words. */
export function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { io: "input" });
  return own;
}

/** Options as parameters of the address. */
export function parametersOf(options: Options): Parameter[] {
  return Object.entries(options).map(([name, option]) => {
    const { description, ...schema } = schemaOf(option);
    return {
      name,
      in: "query",
      ...(option.safeParse(undefined).success ? {} : { required: true }),
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

/** An object of the given properties alone as a body in JSON. */
export function bodyOf(
  properties: Record<string, JsonSchema>,
  options: Options = {},
  required: readonly string[] = Object.keys(properties),
): object {
  return content({
    "application/json": {
      schema: {
        type: "object",
        properties: {
          ...properties,
          ...Object.fromEntries(
            Object.entries(options).map(([name, each]) => [
              name,
              schemaOf(each),
            ]),
          ),
        },
        required,
        additionalProperties: false,
      },
    },
  });
}

/** A body of one of several types. */
export function content(types: Record<string, object>): object {
  return { required: true, content: types };
}

/** What an address answers. */
export function operation(
  operationId: string,
  summary: string,
  answer: string,
  { parameters = [], body, type = "application/json" }: {
    parameters?: readonly Parameter[];
    body?: object;
    type?: string;
  },
): Operation {
  const told = (description: string, name: string, as: string) => ({
    description,
    content: { [as]: { schema: ref(name) } },
  });
  return {
    operationId,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: {
      200: told("The answer", answer, type),
      422: told("What was sent cannot be used", "Refusal", "application/json"),
      default: told(
        "Refused for another reason",
        "Refusal",
        "application/json",
      ),
    },
  };
}
