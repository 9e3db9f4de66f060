import type { Word } from "./statements.ts";

/** Longest text that variables expand to; it stops those that repeat others. */
const MAX_EXPANDED = 1 << 14;

/** What a script has set so far. */
export type Variables = Map<string, string[]>;

/** Stands before the name of a variable that nothing sets. */
export const UNSET = "\u0001";

const VARIABLE =
  /\$\(\(([^()]*)\)\)|\$\{(\w+)(?:\[[@*]\])?(?::?[-=]([^{}]*))?\}|\$(\w+|[@*#?])|\$\(([^()]*)\)/g;

/**
 * Writes a word with its variables' values.
 *
 * @returns The words that it becomes; a variable that is not set stays, after
 *   {@linkcode UNSET}.
 */
export function expand(word: Word, variables: Variables): string[] {
  let text = "";
  // Letters stand apart; together they may name a variable.
  for (let at = 0; at < word.length; at++) {
    const piece = word[at];
    if (!piece) continue;
    if (piece.literal) {
      text += piece.text.replaceAll("$", "\u0002");
      continue;
    }
    text += piece.text;
  }
  const expanded = expandText(text, variables).replaceAll("\u0002", "$");
  return expanded.split(/\s+/).filter((each) => each !== "");
}

/** Writes a text with its variables' values. */
export function expandText(
  text: string,
  variables: Variables,
  depth = 0,
): string {
  if (depth > 8) return text;
  const expanded = text.replaceAll(
    VARIABLE,
    (
      whole,
      sum: string | undefined,
      braced: string | undefined,
      otherwise: string | undefined,
      plain: string | undefined,
    ) => {
      if (sum !== undefined) return arithmetic(sum, variables) ?? unset(whole);
      const name = braced ?? plain;
      if (name === undefined) return unset(whole);
      const value = variables.get(name);
      if (value) return value.join(" ");
      return otherwise === undefined
        ? unset(whole)
        : expandText(otherwise.replaceAll(/["']/g, ""), variables, depth + 1);
    },
  );
  // Commands, and sums with brackets, are not worked out.
  return expanded.replaceAll(/\$\([^]*/g, unset).slice(0, MAX_EXPANDED);
}

function unset(whole: string): string {
  return `${UNSET}${whole.slice(1).replaceAll(/[\s$]/g, "")}`;
}

/** Whole numbers, the variables that name them, and + - * / between them. */
function arithmetic(sum: string, variables: Variables): string | null {
  const text = sum.replaceAll(
    /\$?\{?([A-Za-z_]\w*)\}?/g,
    (_, name: string) => variables.get(name)?.join(" ") ?? UNSET,
  ).replaceAll(/\s/g, "");
  if (!/^\d+(?:[-+*/%]\d+)*$/.test(text)) return null;
  const terms = text.split(/(?=[-+])/);
  let total = 0;
  for (const term of terms) {
    const [, sign = "", product = ""] = term.match(/^([-+]?)(.*)$/) ?? [];
    const factors = product.split(/(?=[*/%])/);
    let value = Number(factors.shift());
    for (const factor of factors) {
      const by = Number(factor.slice(1));
      if (factor.startsWith("*")) value *= by;
      else if (by === 0) return null;
      else if (factor.startsWith("/")) value = Math.floor(value / by);
      else value %= by;
    }
    total += sign === "-" ? -value : value;
  }
  return Number.isSafeInteger(total) ? String(total) : null;
}
