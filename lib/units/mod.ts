/**
 * Bytes, counts and their text. Memory is whole bytes everywhere inside; it
 * becomes text here, once, on its way to a person.
 *
 * @module
 */
export { asPrinted } from "./as_printed.ts";
export { formatBytes } from "./format_bytes.ts";
export { formatCount, groupDigits } from "./format_count.ts";
export { parseCount, parseTokens } from "./parse_count.ts";
export { parseGib } from "./parse_gib.ts";
export { GIB, KIB, MIB } from "./sizes.ts";
