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

/** A pattern of flags for keys that are written with underscores. */
export function underscored({ source }: RegExp): RegExp {
  return new RegExp(source.replaceAll("-", "_"));
}

/**
 * Matches dotted keys that begin with one of many words. It is a template's tag,
 * so that nothing but what the source says becomes an expression.
 *
 * @param end What has to follow the word.
 * @param section A pattern of the sections that the keys stand in.
 * @returns Reads words between spaces and the ends of lines; each may be a
 *   pattern.
 */
export function anyKeyOf(
  end: typeof KEY_END[keyof typeof KEY_END] = KEY_END.any,
  section = "",
): (words: TemplateStringsArray) => RegExp {
  return ({ raw }) => {
    const words = raw.join("").trim().split(/\s+/);
    return new RegExp(`^${section}(?:${words.join("|")})${end}`);
  };
}
