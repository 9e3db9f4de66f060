import { z } from "zod";
import { readPattern } from "../patterns/mod.ts";
import { parseCount, parseGib, parseTokens } from "../units/mod.ts";
import { parseNumber } from "../units/parse_number.ts";

/**
 * The kinds of field that a Scenario is made of. Each takes the JSON value and
 * what a person would type in a form or after a flag.
 */

export function count(min: number, max: number) {
  return z.preprocess(read(parseCount), z.int().min(min).max(max));
}

/** Tokens: as {@linkcode count}, but "4k" is 4096. */
export function tokens(min: number, max: number) {
  return z.preprocess(read(parseTokens), z.int().min(min).max(max));
}

/** An amount of memory in GiB; text may carry its unit ("80GB", "79.3GiB"). */
export function gib(min: number, max: number) {
  return z.preprocess(read(parseGib), z.number().min(min).max(max));
}

/** A plain number without a unit. */
export function factor(min: number, max: number) {
  return z.preprocess(
    read((text) => {
      const parsed = parseNumber(text);
      return parsed?.suffix === "" ? parsed.number : null;
    }),
    z.number().min(min).max(max),
  );
}

/** A switch; forms send "on", flags "true" and "false". */
export function flag() {
  return z.preprocess((value) => {
    if (typeof value !== "string") return value;
    if (/^(true|on|yes|1)$/i.test(value)) return true;
    return /^(false|off|no|0)$/i.test(value) ? false : value;
  }, z.boolean());
}

/** A short name without control characters, commas or surrounding space. */
export const nameText: z.ZodString = z.string().trim().min(1).max(200)
  .regex(/^[^\p{Cc}\p{Cs},]*$/u, "must not hold commas or control characters");

/** A list of names; text may separate them by commas or spaces. */
export function names(max: number) {
  return z.preprocess(splitNames, z.array(moduleName).max(max));
}

/** A list as {@linkcode names}, or one of the given words instead of a list. */
export function namesOr<const W extends string>(
  words: readonly W[],
  max: number,
) {
  return z.preprocess(
    (value) => words.includes(value as W) ? value : splitNames(value),
    z.union([z.literal(words), z.array(moduleName).min(1).max(max)]),
  );
}

/**
 * Modules to find: a list of names, one of the given words, or, as PEFT takes
 * it, a regular expression that whole paths match. A text is taken for one when
 * it holds what names never do.
 */
export function patternOr<const W extends string>(
  words: readonly W[],
  max: number,
) {
  const list = namesOr(words, max);
  return byShape<z.infer<typeof list> | string>((value) =>
    typeof value === "string" && PATTERN.test(value) && !listIn(value)
      ? pattern
      : list
  );
}

const pattern = z.string().superRefine((text, context) => {
  const read = readPattern(text);
  if (!read.ok) context.addIssue({ code: "custom", message: read.reason });
});

/** What names of modules never hold, and regular expressions do. */
const PATTERN = /[\\^$*+?()[\]{}|]/;

/** A name of a module or tensor: no space or comma, which separate them. */
const moduleName = z.string().min(1).max(128)
  .regex(
    /^[^\s,\p{Cc}\p{Cs}\\^$*+?()[\]{}|]*$/u,
    "must not hold spaces, commas, brackets or control characters",
  );

/** The list that a text is in JSON, as people copy it from elsewhere. */
function listIn(text: string): unknown[] | null {
  if (!/^\s*\[\s*"/.test(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function splitNames(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const list = listIn(value);
  if (list) return list;
  return value.split(/[\s,]+/).filter((name) => name !== "");
}

function read(
  parse: (text: string) => number | null,
): (value: unknown) => unknown {
  return (value) => {
    if (typeof value !== "string") return value;
    const number = parse(value);
    return number === null || Number.isNaN(number) ? value : number;
  };
}

/**
 * A field that may have several shapes. The value's own shape picks the schema,
 * so that a message speaks of what the user meant rather than of every
 * alternative.
 */
export function byShape<T>(pick: (value: unknown) => z.ZodType<T>) {
  return z.unknown().transform((value, context): T => {
    const result = pick(value).safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    }
    return z.NEVER;
  });
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
