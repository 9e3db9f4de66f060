/** Stands before the name of a variable that nothing sets: no text has it. */
export const UNSET = "\uE000";

/**
 * What stands in a word for a variable that nothing sets. What a command would
 * print, or a sum of such, has no name.
 */
export function unset(name: string): string {
  return `${UNSET}${name.replaceAll(/[^\w]/g, "")}`;
}

/** Stands before what a caller's variables decide of a command's flags. */
const FLAGS = "\uE001";

/** What stands for flags that variables of the caller decide. */
export interface CallersFlags {
  /** The variables. */
  names: string[];
  /** Flags that may be among them. */
  flags: string[];
}

/** A word that stands for flags which the text does not decide. */
export function callersFlags({ names, flags }: CallersFlags): string {
  return `${FLAGS}${names.join(",")}${FLAGS}${flags.join(",")}`;
}

/** What such a word stands for; null of any other. */
export function readCallersFlags(word: string): CallersFlags | null {
  if (!word.startsWith(FLAGS)) return null;
  const [, names = "", flags = ""] = word.split(FLAGS);
  return { names: names.split(","), flags: flags.split(",") };
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
