/** A text between quotes, or one of the numbers that Python writes and JSON lacks. */
const WORDS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/**
 * Parses JSON as Python's json writes it: `Infinity`, `-Infinity` and `NaN`, which no
 * size is, are read as null.
 *
 * @throws {SyntaxError} When it is none of either.
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const plain = text.replace(
      WORDS,
      (word) => word.startsWith('"') ? word : "null",
    );
    if (plain === text) throw error;
    return JSON.parse(plain);
  }
}
