import { splitGguf } from "../lib/models/headers/mod.ts";

/** Files that go beside a model: a vision tower's, an importance matrix. */
const BESIDE = /(^|\/)(mmproj|imatrix)|[._-]imatrix\.gguf$/i;
const FIRST_OR_WHOLE = /^(?!.*-\d{5}-of-\d{5}\.gguf$)|-00001-of-\d{5}\.gguf$/;
const MAX_LISTED = 12;

/** One of a repository's GGUF models, or why none is chosen. */
export type ChosenGguf =
  | { ok: true; files: string[] }
  | { ok: false; reason: string };

/**
 * Chooses a GGUF model of a repository: by path, by the type in the name of its
 * file, or the only one. A split model counts as one, by its first file.
 *
 * @param wanted A path, or a type such as "Q4_K_M"; null for the only one.
 * @param named How a user names one of several.
 */
export function chooseGguf(
  id: string,
  files: ReadonlySet<string>,
  wanted: string | null,
  named = `${id}:FILE or ${id}:TYPE`,
): ChosenGguf {
  const models = [...files]
    .filter((file) => /\.gguf$/i.test(file) && !BESIDE.test(file))
    .filter((file) => FIRST_OR_WHOLE.test(file))
    .sort();
  const found = wanted === null
    ? models
    : models.filter((file) => isWanted(file, wanted));
  const [only] = found;
  if (found.length === 1 && only !== undefined) {
    const parts = splitGguf(only);
    const absent = parts.find((part) => !files.has(part));
    return absent === undefined ? { ok: true, files: parts } : {
      ok: false,
      reason: `${id} lacks ${absent}, which is part of ${only}`,
    };
  }
  const shown = (found.length > 0 ? found : models).slice(0, MAX_LISTED);
  const rest = (found.length > 0 ? found : models).length - shown.length;
  const list = `${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  return {
    ok: false,
    reason: found.length === 0 && wanted !== null
      ? `${id} has no GGUF file ${wanted}: it has ${list || "none"}`
      : `${id} has several GGUF files: name one as ${named}; it has ${list}`,
  };
}

/** The path, or its name holds the type as a word of its own. */
function isWanted(file: string, wanted: string): boolean {
  if (/\.gguf$/i.test(wanted)) return splitGguf(wanted)[0] === file;
  const name = file.toLowerCase();
  const word = wanted.toLowerCase();
  if (word === "") return false;
  for (
    let at = name.indexOf(word);
    at !== -1;
    at = name.indexOf(word, at + 1)
  ) {
    const around = [name[at - 1], name[at + word.length]];
    if (around.every((each) => each === undefined || "./-".includes(each))) {
      return true;
    }
  }
  return false;
}
