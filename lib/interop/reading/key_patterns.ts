/** What has to follow a word of {@linkcode anyKeyOf}. */
export const KEY_END = {
  /** Anything: the word begins the key. */
  any: "",
  /** Nothing: the word is the key. */
  whole: "$",
  /** Nothing, or keys within it. */
  section: String.raw`(?:\.|$)`,
  /** Nothing, or more words after an underscore. */
  word: "(?:_|$)",
  /** Nothing, more words or keys within it. */
  wordOrSection: String.raw`(?:_|$|\.)`,
} as const;

/**
 * Matches dotted keys that begin with one of many words.
 *
 * @param words Between spaces and the ends of lines; each may be a pattern.
 * @param end What has to follow the word.
 * @param section A pattern of the sections that the keys stand in.
 */
export function anyKeyOf(
  words: string,
  end: typeof KEY_END[keyof typeof KEY_END] = KEY_END.any,
  section = "",
): RegExp {
  return new RegExp(
    `^${section}(?:${words.trim().split(/\s+/).join("|")})${end}`,
  );
}
