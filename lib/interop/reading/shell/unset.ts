/** Stands before the name of a variable that nothing sets: no text has it. */
export const UNSET = "\uE000";

/**
 * What stands in a word for a variable that nothing sets. What a command would
 * print, or a sum of such, has no name.
 */
export function unset(name: string): string {
  return `${UNSET}${name.replaceAll(/[^\w]/g, "")}`;
}

/** Whether a text has something in it that nothing sets. */
export function hasUnset(text: string): boolean {
  return text.includes(UNSET);
}

/** The variables in a text that nothing sets, each once. */
export function unsetIn(text: string): string[] {
  const names = [...text.matchAll(/\uE000(\w*)/g)].map(([, name = ""]) => name);
  return [...new Set(names)];
}

/** A text as somebody would write it, with `$` before what is not set. */
export function withDollars(text: string): string {
  return text.replaceAll(
    /\uE000(\w*)/g,
    (_, name: string) => name === "" ? "$(…)" : `$${name}`,
  );
}
