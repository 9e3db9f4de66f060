import type { Found } from "../../lib/ask/largest/search.ts";
import { searchLargest } from "../../lib/ask/largest/search.ts";

export function search(
  least: number,
  most: number,
  fits: (value: number) => boolean,
): { found: Found; asked: number[] } {
  const asked: number[] = [];
  const searching = searchLargest(least, most);
  let next = searching.next();
  while (!next.done) {
    asked.push(next.value);
    next = searching.next(fits(next.value));
  }
  return { found: next.value, asked };
}
