import type { z } from "zod";

/** What is wrong with a Scenario: where, and a sentence that says the limit. */
export interface Problem {
  /** Dotted path of the field, such as "train.micro_batch"; "" for the whole. */
  path: string;
  /** Names the field, the limit and the value. */
  message: string;
}

/** Thrown by the doors that take a Scenario and cannot return problems. */
export class ScenarioError extends Error {
  /** Every problem found, first the one in the message. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems[0]?.message ?? "The scenario is not valid");
    this.name = "ScenarioError";
    this.problems = problems;
  }
}

/** Most problems that are told of one scenario. */
const MAX_PROBLEMS = 50;

/** Longest piece of a user's value that a message repeats. */
const MAX_SHOWN = 80;

/** Writes any value into a message: JSON where it can, cut when it is long. */
export function shown(value: unknown): string {
  return clipped(textOf(value));
}

/** Cuts a text for a message and writes its control characters as escapes. */
function clipped(text: string): string {
  const plain = text.replaceAll(
    /\p{Cc}/gu,
    (character) =>
      `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
  return plain.length > MAX_SHOWN ? `${plain.slice(0, MAX_SHOWN)}…` : plain;
}

function textOf(value: unknown): string {
  if (typeof value === "number") return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Big integers, circles and what nests too deep have no JSON.
    return typeof value === "bigint" ? `${value}` : `a ${typeof value}`;
  }
}

/**
 * Turns what zod found into problems whose messages name the field, the limit
 * and the value.
 *
 * @param issues As `safeParse` returns them.
 * @param input The value that was parsed, to repeat the offending parts of.
 * @param document What was parsed, as it stands after "a" and "the".
 * @param near Fields that a wrong name may mean.
 */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  document = "scenario",
  near: (name: string) => readonly string[] = () => [],
): Problem[] {
  const problems = new Map<string, Problem>();
  for (const issue of issues) {
    if (isOfNumbers(issue) && hasAnother(issue, issues)) continue;
    for (const problem of problemsOfOne(issue, input, document, near)) {
      problems.set(problem.message, problem);
    }
    if (problems.size > MAX_PROBLEMS) break;
  }
  const found = issues.reduce(
    (sum, issue) =>
      sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1),
    0,
  );
  return firstOf([...problems.values()], found);
}

/** Whether it is the limit of whole numbers as such. */
function isOfNumbers(issue: z.core.$ZodIssue): boolean {
  return (issue.code === "too_big" || issue.code === "too_small") &&
    issue.origin === "int";
}

/** Whether a field that is beyond its own limit has one. */
function hasAnother(
  issue: z.core.$ZodIssue,
  issues: readonly z.core.$ZodIssue[],
): boolean {
  const path = issue.path.join(".");
  return issues.some((each) =>
    each !== issue && each.code === issue.code && each.path.join(".") === path
  );
}

/**
 * The problems that are told: nobody reads more, and a sender may make as many
 * as it likes.
 *
 * @param found How many there are in all.
 */
export function firstOf(
  problems: readonly Problem[],
  found: number = problems.length,
): Problem[] {
  const told = problems.slice(0, MAX_PROBLEMS);
  const more = problems.length > MAX_PROBLEMS ? found - MAX_PROBLEMS : 0;
  return more <= 0 ? told : [...told, {
    path: "",
    message: `${more} further problems are not listed`,
  }];
}

function problemsOfOne(
  issue: z.core.$ZodIssue,
  input: unknown,
  document: string,
  near: (name: string) => readonly string[],
): Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.slice(0, MAX_PROBLEMS + 1).map((key) => {
      const path = clipped([...issue.path, key].join("."));
      const fields = near(path);
      const meant = fields.length === 0
        ? ""
        : `; near it: ${fields.join(", ")}`;
      return {
        path,
        message: `${path} is not a field of a ${document}${meant}`,
      };
    });
  }
  const { keys, value } = nearest(input, issue.path);
  const path = keys.join(".");
  const name = path === "" ? `The ${document}` : path;
  return [{
    path,
    message: value === undefined
      ? `${name} is missing: it ${limitOf(issue)}`
      : `${name} ${limitOf(issue)}: current value is ${shown(value)}`,
  }];
}

function limitOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? "must not be empty"
        : `must be at least ${issue.minimum}`;
    case "too_big":
      if (issue.origin === "string") {
        return `must be at most ${issue.maximum} characters`;
      }
      return issue.origin === "array"
        ? `must have at most ${issue.maximum} entries`
        : `must be at most ${issue.maximum}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_union":
      return `must be ${alternatives(issue)}`;
    case "custom":
    case "invalid_format":
      return issue.message;
    default:
      return `is not valid (${issue.message})`;
  }
}

const TYPES: Record<string, string> = {
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  string: "a name",
  array: "a list",
  tuple: "a list of two numbers",
  object: "an object",
  record: "an object",
};

/** The limits of a union's members, said once each. */
function alternatives(issue: z.core.$ZodIssueInvalidUnion): string {
  const limits = issue.errors.flatMap((issues) => issues.map(limitOf))
    .map((limit) => limit.replace(/^must be /, ""));
  return [...new Set(limits)].join(" or ");
}

/**
 * The value at a path. Where a text stands for a list, as forms send it, its
 * entries have no place of their own: the text is what was given.
 */
function nearest(
  input: unknown,
  path: readonly PropertyKey[],
): { keys: readonly PropertyKey[]; value: unknown } {
  let value = input;
  for (const [at, key] of path.entries()) {
    if (typeof value === "string") return { keys: path.slice(0, at), value };
    const found = typeof value === "object" && value !== null &&
      Object.hasOwn(value, key);
    if (!found) return { keys: path, value: undefined };
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return { keys: path, value };
}
