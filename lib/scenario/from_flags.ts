import type { Problem } from "./problem.ts";
import type { Flag } from "./flag.ts";
import { readBoolean } from "./flag_readers.ts";
import { putAt } from "./walk.ts";

/** A flag as it was given, with its value's text. */
export interface GivenFlag {
  flag: Flag;
  text: string;
}

/**
 * Turns flags into a Scenario's input; they win over the scenario that they are
 * added to.
 *
 * @param base A Scenario's input to start from, left as it is.
 */
export function fromFlags(
  given: readonly GivenFlag[],
  base: Record<string, unknown> = {},
): Record<string, unknown> {
  const input = structuredClone(base);
  for (const { flag, text } of given) {
    if (flag.serving !== undefined) continue;
    for (
      const [path, value] of flag.settings?.(text) ??
        [[flag.path, text]] as const
    ) {
      putAt(input, path, value);
    }
  }
  // These depend on other flags, in whatever order.
  if (readBoolean(valueOf(given, "--qlora") ?? "")) {
    putAt(input, "train.method", "qlora");
  }
  if (usesVision(given)) putAt(input, "train.images_per_sample", "1");
  for (const [path, text] of byTask(given, input["task"] === "serve")) {
    putAt(input, path, text);
  }
  const gpus = gpusFor(given, base);
  if (gpus !== null) putAt(input, "parallel.gpus", gpus);
  return input;
}

/** A problem in the words of the command line: the flag instead of the path. */
export function flagMessage(
  problem: Problem,
  given: readonly GivenFlag[],
): string {
  const { path, message } = problem;
  const flag = given.findLast(({ flag }) =>
    flag.path === path || flag.serving === path ||
    (flag.path === "model" && path === "model.config")
  )?.flag;
  if (!flag || path === "") return message;
  return message.startsWith(path)
    ? `${flag.name}${message.slice(path.length)}`
    : `${flag.name}: ${message}`;
}

/** Flags that mean one field when training and another when serving. */
function byTask(
  given: readonly GivenFlag[],
  serving: boolean,
): [path: string, text: string][] {
  return given.flatMap(({ flag, text }): [string, string][] => {
    if (flag.serving === undefined) return [];
    if (!serving) return [[flag.path, text]];
    return [
      [flag.serving, text],
      // A length is the whole sequence's: none of it is left to generate.
      ...(flag.serving === "serve.input_tokens"
        ? [["serve.output_tokens", "0"] as [string, string]]
        : []),
    ];
  });
}

/** Any flag about images or videos means that there is one, unless told otherwise. */
function usesVision(given: readonly GivenFlag[]): boolean {
  return !given.some(({ flag }) => flag.path === "train.images_per_sample") &&
    given.some(({ flag, text }) =>
      flag.name.startsWith("--vision-") ||
      (flag.name === "--video-frames" && text !== "0")
    );
}

/**
 * The GPUs that the given replicas and splits need, one replica without `--dp`.
 * Null where GPUs are given, where nothing is split, or where a size is no
 * number, for the schema to refuse.
 */
function gpusFor(
  given: readonly GivenFlag[],
  base: Record<string, unknown>,
): number | string | null {
  const replicas = valueOf(given, "--dp");
  if (valueOf(given, "--gpus") !== undefined) return null;
  if (replicas === undefined && "parallel" in base) return null;
  const sizes = ["--dp", "--tp", "--pp"].map((name) => valueOf(given, name));
  if (sizes.every((size) => size === undefined)) return null;
  const numbers = sizes.map((size) => Number(size ?? 1));
  return numbers.every((size) => Number.isInteger(size) && size > 0)
    ? numbers.reduce((product, size) => product * size, 1)
    : replicas ?? null;
}

function valueOf(
  given: readonly GivenFlag[],
  name: string,
): string | undefined {
  return given.findLast(({ flag }) => flag.name === name)?.text;
}
