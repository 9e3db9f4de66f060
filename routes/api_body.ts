import type { Problem, Result } from "../lib/mod.ts";
import { nestsDeeper } from "../lib/scenario/depth.ts";
import { MAX_CONFIG_DEPTH } from "../lib/scenario/model_field.ts";
import { firstOf } from "../lib/scenario/problem.ts";

/** Deepest body: {"scenarios": [{"model": {"config": …}}]} around a config. */
const MAX_DEPTH = MAX_CONFIG_DEPTH + 4;

/**
 * Reads a body as JSON that nests no deeper than anything that is asked for.
 *
 * @param shape What the body must be, for the message.
 * @param around Levels that it may have around what else is asked for.
 */
export function readJson(
  text: string,
  shape: string,
  around = 0,
): Result<unknown> {
  const depth = MAX_DEPTH + around;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused("", `The body must be ${shape} in JSON`);
  }
  return nestsDeeper(value, depth)
    ? refused(
      "",
      `The body must nest at most ${depth} levels deep: current value nests more`,
    )
    : { ok: true, value };
}

/**
 * Reads a body that holds more than one scenario: an object with the given keys
 * alone.
 *
 * @param shape What the body must be, for the message.
 */
export function readBody(
  text: string,
  keys: readonly string[],
  shape: string,
): Result<Record<string, unknown>> {
  const read = readJson(text, shape);
  if (!read.ok) return read;
  const body = read.value;
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return refused("", `The body must be ${shape}`);
  }
  const problems = firstOf(
    Object.keys(body).filter((key) => !keys.includes(key)).map((key) => {
      const path = key.slice(0, 80);
      return {
        path,
        message: `${path} is not a field of the body, which must be ${shape}`,
      };
    }),
  );
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: body as Record<string, unknown> };
}

/** Problems of a scenario that stands inside of a body. */
export function inside(
  place: string,
  problems: readonly Problem[],
): Problem[] {
  return problems.map(({ path, message }) => ({
    path: path === "" ? place : `${place}.${path}`,
    message: `${place}: ${message}`,
  }));
}

/** One problem. */
export function refused(
  path: string,
  message: string,
): { ok: false; problems: Problem[] } {
  return { ok: false, problems: [{ path, message }] };
}
