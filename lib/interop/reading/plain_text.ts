/**
 * The value of a setting as text. Unlike String(), it takes objects of any keys:
 * one whose "toString" is no function is text too.
 */
export function plainText(value: unknown): string {
  if (Array.isArray(value)) return value.map(plainText).join(",");
  return typeof value === "object" && value !== null
    ? JSON.stringify(value)
    : String(value);
}
