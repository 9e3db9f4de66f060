import fc from "./npm/fast-check.ts";

/** Surrogates, which are half a character each. */
const SURROGATES = { from: 0xd800, count: 0x800 };

/**
 * Any character of Unicode: for `fc.string`, whose own unit "binary" is the same
 * and makes a list of all million of them first.
 */
export const CODE_POINT: fc.Arbitrary<string> = fc.nat(
  0x10ffff - SURROGATES.count,
).map(
  (at) =>
    String.fromCodePoint(at < SURROGATES.from ? at : at + SURROGATES.count),
  (text) => {
    const point = typeof text === "string" ? text.codePointAt(0) : undefined;
    const isWhole = point !== undefined &&
      String.fromCodePoint(point) === text &&
      (point < SURROGATES.from || point >= SURROGATES.from + SURROGATES.count);
    if (!isWhole) throw new Error("not one character");
    return point < SURROGATES.from ? point : point - SURROGATES.count;
  },
);
