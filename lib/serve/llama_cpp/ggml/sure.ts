/**
 * A value that is there by the way that a graph is built.
 *
 * @throws {RangeError} Where it is not: a fault of this program.
 */
export function sure<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) {
    throw new RangeError("Cannot find what a graph of llama.cpp needs");
  }
  return value;
}
