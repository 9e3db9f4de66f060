import type { Hub } from "../../hub/mod.ts";
import type { JsonSchema, Result } from "../../lib/mod.ts";

/** A question that agents may ask. */
export interface Tool {
  name: string;
  title: string;
  /** When to ask it and what comes back: all that an agent knows of it. */
  description: string;
  input: JsonSchema;
  /** Its answer: small enough to be read whole. */
  answer: (
    sent: Record<string, unknown>,
    hub: Hub | null,
  ) => Promise<Result<object>> | Result<object>;
}

/** A schema of an object with the given properties alone. */
export function objectOf(
  properties: Record<string, JsonSchema>,
  required: readonly string[],
): JsonSchema {
  return {
    type: "object",
    properties,
    required: [...required],
    additionalProperties: false,
  };
}
