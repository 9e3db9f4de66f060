/**
 * Writes a count short, as model names do: "7.24B", "41.9M", "512".
 *
 * @param count A whole number, zero or more.
 */
export function formatCount(count: number): string {
  if (count >= 1e12) return `${significant(count / 1e12)}T`;
  if (count >= 1e9) return `${significant(count / 1e9)}B`;
  if (count >= 1e6) return `${significant(count / 1e6)}M`;
  if (count >= 1e4) return `${significant(count / 1e3)}K`;
  return `${count}`;
}

/** Writes a whole number with its digits in groups of three: "6,738,415,616". */
export function groupDigits(count: number): string {
  return `${count}`.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
