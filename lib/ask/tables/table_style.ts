/** Kinds of lines around a table's cells. */
export const BOXES = [
  "ROUNDED",
  "DOUBLE_EDGE",
  "HEAVY_EDGE",
  "SIMPLE",
  "ASCII",
] as const;

/** One of them. */
export type Box = typeof BOXES[number];

/** Words of a style: how the letters look, then colours. */
const WORDS = [
  "bold",
  "dim",
  "italic",
  "underline",
  "black",
  "red",
  "green",
  "yellow",
  "blue",
  "magenta",
  "cyan",
  "white",
] as const;

/** A word of a style. */
export type StyleWord = typeof WORDS[number];

/** Whether a text is a style, such as "bold magenta". */
export function isStyle(text: string): boolean {
  return text.trim().split(/\s+/).every((word) =>
    (WORDS as readonly string[]).includes(word)
  );
}

/** The words of a style. */
export function styleWords(text: string): StyleWord[] {
  return WORDS.filter((word) => text.trim().split(/\s+/).includes(word));
}
