/** A number and its unit, in a group each. */
const AMOUNT = String
  .raw`(\d{1,18}(?:\.\d{1,6})?) ?(bytes|[KMGTkmgt]i?[Bb]?|B|MBytes|GBytes)\b`;

/**
 * A pattern of a message that has amounts of memory.
 *
 * @param source The reader's own words, `%A` where an amount stands.
 */
export function ofAmounts(source: string, flags = ""): RegExp {
  return new RegExp(source.replaceAll("%A", AMOUNT), flags);
}

/** The same pattern where a terminal broke the line between words. */
export function loose({ source, flags }: RegExp): RegExp {
  return new RegExp(source.replaceAll(" ", String.raw`\s{1,40}`), flags);
}

/** Where the last of a pattern's matches begins; below 0 of none. */
export function lastMatch(text: string, { source, flags }: RegExp): number {
  let at = -1;
  for (const match of text.matchAll(new RegExp(source, `g${flags}`))) {
    at = match.index;
  }
  return at;
}
