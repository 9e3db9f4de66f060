import { posix } from "node:path";
import type { Sources } from "./sources.ts";

/** `import … from "x"`, `export … from "x"` and `import "x"`, types included. */
const STATEMENTS =
  /^(?:import|export)\b(?:\s+(?:type\s+)?(?:[\w$]+|(?:[\w$]+\s*,\s*)?(?:\{[^{}]*\}|\*(?:\s+as\s+[\w$]+)?))\s+from)?\s*"([^"]+)"/gm;

/** `import("x")`, of a value or of a type. */
const CALLS = /\bimport\(\s*"([^"]+)"\s*[,)]/g;

/** Comments that begin a line: code in them is an example. */
const COMMENTS = /^\s*(?:\/\/.*|\/\*[^]*?\*\/)/gm;

/** What a source imports, each once. */
export interface Imports {
  /** Files of the project, by their paths from its root. */
  files: string[];
  /** All else, as it is written. */
  packages: string[];
}

/** What each source imports, by its path. */
export type Graph = ReadonlyMap<string, Imports>;

/** Reads the imports of every source. */
export function graphOf(sources: Sources): Graph {
  return new Map(
    [...sources].map(([path, text]) => [path, importsOf(path, text)]),
  );
}

/** @param path Of the source, from the project's root. */
function importsOf(path: string, text: string): Imports {
  const code = text.replace(COMMENTS, "");
  const specifiers = [
    ...new Set(
      [STATEMENTS, CALLS].flatMap((pattern) =>
        [...code.matchAll(pattern)].map(([, specifier = ""]) => specifier)
      ),
    ),
  ];
  const relative = (specifier: string) => specifier.startsWith(".");
  return {
    files: specifiers.filter(relative).map((specifier) =>
      posix.join(posix.dirname(path), specifier)
    ),
    packages: specifiers.filter((specifier) => !relative(specifier)),
  };
}
