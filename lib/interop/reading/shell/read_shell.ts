import type { Script } from "./script.ts";
import { leftOut } from "./script.ts";
import { readCallersFlags } from "./unset.ts";

/** Programs whose commands are read by themselves, or start no training. */
const TOOLS =
  /(?:^|\/)(?:swift|megatron|llamafactory-cli|axolotl|trl|tune|vllm|sglang|lm_eval|docker)$/;

/**
 * The words that hold a script's flags, where no command of it is one of a
 * program that is known: those of the command with the most, or what its
 * variables gather for a line that somebody else writes.
 */
export function flagsGathered(
  { commands, doubtful, variables, left }: Script,
): { flags: readonly string[]; notes: string[] } {
  const count = (words: readonly string[]): number =>
    Object.keys(flagsOf(words)).length;
  for (const list of [commands, doubtful]) {
    const [most] = list.map(({ words }) => words)
      .filter((words) => !words.slice(0, 2).some((word) => TOOLS.test(word)))
      .toSorted((a, b) => count(b) - count(a));
    if (most && count(most) > 0) return { flags: most, notes: leftOut(left) };
  }
  return { flags: variables.all(), notes: leftOut(left) };
}

/** The flags among words: by name without dashes, underscores as hyphens. */
export function flagsOf(
  words: readonly string[],
): Record<string, string | true> {
  const flags: Record<string, string | true> = Object.create(null);
  let name: string | null = null;
  for (const word of words) {
    if (readCallersFlags(word)) {
      name = null;
      continue;
    }
    const match = word.match(/^--([A-Za-z][\w.-]*)(?:=([^]*))?$/);
    if (match) {
      const given = (match[1] ?? "").replaceAll("_", "-");
      flags[given] = match[2] ?? true;
      name = match[2] === undefined ? given : null;
    } else if (name !== null && !/\.py$|^--$/.test(word)) {
      const before: string | true | undefined = flags[name];
      flags[name] = typeof before === "string" ? `${before} ${word}` : word;
    } else name = null;
  }
  return flags;
}
