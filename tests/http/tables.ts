/// <reference lib="dom" />
import { only, textOf } from "./visit.ts";

/** The cells of a table's rows, as a reader sees them. */
export function cellsOf(document: Document, label: string): string[][] {
  const region = only(document, `[aria-label="${label}"]`);
  return [...region.querySelectorAll("tbody tr")].map((row) =>
    [...row.querySelectorAll("th, td")].map(textOf)
  );
}

export const MEMORY = "Table of memory by data type and use";
