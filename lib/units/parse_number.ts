/**
 * Splits human text such as "79.3 GiB" or "7b" into its number and its suffix.
 *
 * @param text What somebody typed: digits, with `,` or `_` as digit groups, an
 *   optional exponent, then letters.
 * @returns The number and the suffix in lower case ("" when there is none), or
 *   null when the text is not of that form.
 */
export function parseNumber(
  text: string,
): { number: number; suffix: string } | null {
  const match = text.trim().match(
    /^([+-]?(?:\d[\d,_]*)?\.?\d*(?:e[+-]?\d+)?)\s*([a-z]*)$/i,
  );
  if (!match) return null;
  const [, digits = "", suffix = ""] = match;
  if (!/\d/.test(digits)) return null;
  const number = Number(digits.replaceAll(/[,_]/g, ""));
  return Number.isFinite(number)
    ? { number, suffix: suffix.toLowerCase() }
    : null;
}
