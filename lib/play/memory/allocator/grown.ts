/** The same numbers with room for more. */
export function grown<T extends Int32Array | Float64Array | Uint8Array>(
  from: T,
  to: T,
): T {
  to.set(from);
  return to;
}
