import { hasUnset, readCallersFlags } from "../shell/unset.ts";

/** Flags as settings, and what stands alone. */
export interface FlagValues {
  values: Record<string, unknown>;
  /** Words before the first flag. */
  alone: string[];
}

/**
 * The flags of a program that takes them as Python's argparse does: `--name value`,
 * `--name=value`, `--name` alone is true, several values are a list.
 *
 * @returns Keys with underscores, since settings of files are written so.
 */
export function flagValues(words: readonly string[]): FlagValues {
  const given = new Map<string, string[]>();
  const alone: string[] = [];
  let open: string[] | null = null;
  for (const word of words) {
    if (readCallersFlags(word)) {
      open = null;
      continue;
    }
    const match = /^--?([A-Za-z][\w.-]*)(?:=([^]*))?$/.exec(word);
    if (match && !/^-\d/.test(word)) {
      const name = (match[1] ?? "").replaceAll("-", "_");
      open = match[2] === undefined ? [] : [match[2]];
      given.set(name, open);
      if (match[2] !== undefined) open = null;
    } else if (open) open.push(word);
    else if (given.size === 0) alone.push(word);
  }
  const values: Record<string, unknown> = Object.create(null);
  for (const [name, words] of given) values[name] = valueOf(words);
  return { values, alone };
}

function valueOf(words: readonly string[]): unknown {
  const [first, ...more] = words;
  if (first === undefined) return true;
  if (more.length === 0) return typed(first);
  // JSON in quotes that were lost comes in several words.
  return /^[[{]/.test(first) ? typed(words.join(" ")) : words.map(typed);
}

/** A word as the value that it stands for: numbers, switches, JSON. */
export function typed(word: string): unknown {
  if (hasUnset(word)) return word;
  const text = word.trim();
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  if (/^(?:None|null)$/.test(text)) return null;
  if (/^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(text)) return Number(text);
  if (!/^[[{]/.test(text)) return word;
  try {
    return JSON.parse(text);
  } catch {
    return listOf(text) ?? word;
  }
}

/** A list as hydra and Python write it: `[a,'b']`. */
function listOf(text: string): unknown[] | null {
  const inner = /^\[([^[\]{}]*)\]$/.exec(text)?.[1];
  if (inner === undefined) return null;
  return inner.split(",").map((each) =>
    typed(each.trim().replace(/^(["'])([^]*)\1$/, "$2"))
  ).filter((each) => each !== "");
}

/** Settings such as `a.b=c` and `+a.b=c` among words, as sections. */
export function overrideValues(
  words: readonly string[],
): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null);
  for (const word of words) {
    const match = /^(?:\+{1,2}|~)?([A-Za-z_][\w.@/-]*)=([^]*)$/.exec(word);
    if (match) values[match[1] ?? ""] = typed(match[2] ?? "");
  }
  return values;
}
