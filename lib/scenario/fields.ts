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

/** A list as {@linkcode names}, of at least one. */
export function someNames(max: number) {
  return z.preprocess(splitNames, z.array(moduleName).min(1).max(max));
}

/** A list of texts that may hold spaces; text separates them by commas. */
export function texts(max: number) {
  return z.preprocess(
    (value) =>
      typeof value === "string"
        ? value.split(",").map((text) => text.trim()).filter(Boolean)
        : value,
    z.array(nameText).min(1).max(max),
  );
}

/** A list of numbers; text separates them by commas or spaces. */
export function numbers(min: number, max: number, most: number) {
  return z.preprocess(splitNames, z.array(factor(min, max)).min(1).max(most));
}

/** Height and width; text separates them by a cross, a comma or a space. */
export function sides() {
  const side = count(1, 65_536);
  return z.preprocess(
    (value) => {
      if (typeof value !== "string") return value;
      const found = value.split(/[\sx,×]+/).filter((text) => text !== "");
      return found.length === 1 ? [...found, ...found] : found;
    },
    z.tuple([side, side]),
  );
}

/** "all", or a list of the given words. */
export function someOf<const W extends string>(words: readonly W[]) {
  return z.preprocess(
    (value) => value === "all" ? value : splitPlain(value),
    z.union([
      z.literal("all"),
      z.array(z.enum(words)).min(1).max(words.length),
    ]),
  );
}

/** One of the given words, or a value of another kind. */
export function wordOr<const W extends string, T extends z.ZodType>(
  words: readonly W[],
  other: T,
) {
  return byShape<W | z.output<T>>((value) =>
    (words.includes(value as W)
      ? z.literal(words)
      : typeof value === "string" && parseNumber(value) === null
      ? unread(`must be ${words.join(", ")} or a number`)
      : other) as z.ZodType<W | z.output<T>>
  );
}

/** Refuses a value whatever it is. */
function unread(message: string) {
  return z.string().refine(() => false, message);
}

/** True or false, or a value of another kind. */
export function switchOr<T extends z.ZodType>(other: T) {
  const on = flag();
  return byShape<boolean | z.output<T>>((value) =>
    (on.safeParse(value).success ? on : other) as z.ZodType<
      boolean | z.output<T>
    >
  );
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

/** A regular expression, of which all is read before it is used. */
export const pattern = z.string().superRefine((text, context) => {
  // No page and no file of XML may hold them.
  const message = /[\p{Cc}\p{Cs}]/u.test(text)
    ? "must not hold control characters"
    : reasonOf(text);
  if (message !== null) context.addIssue({ code: "custom", message });
});

function reasonOf(text: string): string | null {
  const read = readPattern(text);
  return read.ok ? null : read.reason;
}

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
  return listIn(value) ?? splitPlain(value);
}

function splitPlain(value: unknown): unknown {
  if (typeof value !== "string") return value;
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

/** What a field of several shapes may hold. */
export interface Shapes {
  /** What a text or any other plain value is read by. */
  text: z.core.$ZodType;
  /** The objects that it may be instead. */
  objects: readonly z.core.$ZodType[];
}

const shapes = new WeakMap<z.core.$ZodType, Shapes>();

/** The shapes of a field that has several; undefined of any other schema. */
export function shapesOf(schema: z.core.$ZodType): Shapes | undefined {
  return shapes.get(schema);
}

/**
 * A field that may have several shapes. The value's own shape picks the schema,
 * so that a message speaks of what the user meant rather than of every
 * alternative.
 *
 * @param described The shapes, for whoever describes the field.
 */
export function byShape<T>(
  pick: (value: unknown) => z.ZodType<T>,
  described?: Shapes,
) {
  const schema = z.unknown().transform((value, context): T => {
    const result = pick(value).safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    }
    return z.NEVER;
  });
  if (described) shapes.set(schema, described);
  return schema;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
