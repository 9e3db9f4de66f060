/** Longer than any number that a person types. */
const MAX_LENGTH = 64;

/** Digits, in groups of three or not, a fraction, an exponent; then letters. */
const NUMBER =
  /^([+-]?(?:\d{1,3}(?:,\d{3})+|(?:\d[\d_]*)?)(?:\.\d*)?(?:e[+-]?\d+)?) ?([a-z]*)$/i;

/**
 * Splits human text such as "79.3 GiB" or "7b" into its number and its suffix.
 *
 * @param text What somebody typed: digits, perhaps in groups (1,000 or 1_000), an
 *   exponent, then letters.
 * @returns The number and the suffix in lower case ("" when there is none), or
 *   null when the text is not of that form.
 */
export function parseNumber(
  text: string,
): { number: number; suffix: string } | null {
  if (text.length > MAX_LENGTH) return null;
  const match = text.trim().match(NUMBER);
  if (!match) return null;
  const [, digits = "", suffix = ""] = match;
  if (!/\d/.test(digits)) return null;
  const number = Number(digits.replaceAll(/[,_]/g, ""));
  return Number.isFinite(number)
    ? { number, suffix: suffix.toLowerCase() }
    : null;
}
