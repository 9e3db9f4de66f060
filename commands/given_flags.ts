import { Option } from "commander";
import type { Flag, GivenFlag } from "../lib/mod.ts";
import { FLAGS, readBoolean } from "../lib/mod.ts";
import { UsageError } from "./usage_error.ts";

/** What switches `--kv-cache` off, as a flag of its own. */
export const NO_KV_CACHE: Option = new Option(
  "--no-kv-cache",
  "the same as --kv-cache false",
);

/** The flags that set fields, those of a kind, each in its group of the help. */
export function flagOptions(isOfKind: (flag: Flag) => boolean): Option[] {
  return FLAGS.filter(isOfKind).map(({ name, value, help, group }) => {
    const optional = value === "<bool>" ? "[bool]" : value;
    const option = new Option(`${name} ${optional}`, help);
    return group ? option.helpGroup(`${group}:`) : option;
  });
}

/**
 * The flags that a command line gives, with their texts.
 *
 * @param given What commander has read.
 * @throws {UsageError} When a value is none that the flag takes.
 */
export function givenFlags(given: Record<string, unknown>): GivenFlag[] {
  return FLAGS.flatMap((flag) => {
    const value = given[attributeOf(flag.name)];
    if (value === undefined) return [];
    const text = value === true
      ? "true"
      : Array.isArray(value)
      ? value.join(",")
      : String(value);
    if (text.trim() === "") {
      throw new UsageError(`${flag.name} must not be empty`);
    }
    if (flag.allowed && !flag.allowed.includes(text.toLowerCase())) {
      throw new UsageError(
        `${flag.name} must be one of ${
          flag.allowed.join(", ")
        }: current value is ${JSON.stringify(text)}`,
      );
    }
    if (flag.value === "<bool>" && readBoolean(text) === null) {
      throw new UsageError(
        `${flag.name} must be true or false: current value is ${
          JSON.stringify(text)
        }`,
      );
    }
    return [{ flag, text }];
  });
}

/** Commander's name for a flag: "--seq-len" is seqLen. */
function attributeOf(name: string): string {
  return name.slice(2).replaceAll(
    /-([a-z])/g,
    (_, letter: string) => letter.toUpperCase(),
  );
}

/** The fields that flags and `--set` decide. */
export function pathsOf(
  flags: readonly GivenFlag[],
  set: readonly string[],
): string[] {
  return [
    ...flags.flatMap(({ flag, text }) => [
      flag.path,
      ...(flag.settings?.(text) ?? []).map(([path]) => path),
    ]),
    ...set.map((word) => word.slice(0, word.indexOf("="))),
  ];
}
