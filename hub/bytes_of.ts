/** Bytes of an object or a list beside what it holds, about, in V8. */
const OBJECT_BYTES = 32;
/** Bytes of one of its places, and of a number. */
const PLACE_BYTES = 8;
/** Bytes of a text beside its characters. */
const TEXT_BYTES = 16;

/**
 * How many bytes a value of JSON's kinds takes, about: what is in it twice is
 * counted once. Texts count two bytes a character, which is their most.
 */
export function bytesOf(root: unknown): number {
  let bytes = 0;
  const seen = new Set<object>();
  const rest: unknown[] = [root];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value === "string") bytes += TEXT_BYTES + 2 * value.length;
    else if (typeof value !== "object" || value === null) bytes += PLACE_BYTES;
    else if (!seen.has(value)) {
      seen.add(value);
      bytes += OBJECT_BYTES;
      for (const inner of Object.values(value)) {
        bytes += PLACE_BYTES;
        rest.push(inner);
      }
    }
  }
  return bytes;
}
