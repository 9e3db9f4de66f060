import { MAX_FILES } from "./limits.ts";
import { BrokenHeader } from "./ranges.ts";

/** The files of a checkpoint are named, and lie beside their index. */
const FILE = /^[\w-][\w.-]*\.safetensors$/;
const MAX_SHOWN = 80;

/**
 * The files that a `model.safetensors.index.json` names, each once, in order.
 *
 * @param text The file's content.
 * @param present Names of files that are there, to find out which are absent.
 * @throws {BrokenHeader} When it is no index, or names what it must not.
 */
export function filesOfIndex(
  text: string,
  present: ReadonlySet<string>,
): string[] {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch (error) {
    throw new BrokenHeader("its index is no JSON", { cause: error });
  }
  const map = typeof index === "object" && index !== null &&
      "weight_map" in index
    ? index.weight_map
    : null;
  if (typeof map !== "object" || map === null) {
    throw new BrokenHeader("its index has no weight_map");
  }
  const files = [...new Set<unknown>(Object.values(map))].sort();
  if (files.length === 0 || files.length > MAX_FILES) {
    throw new BrokenHeader(
      `its index must name 1 to ${MAX_FILES} files: it names ${files.length}`,
    );
  }
  const names = files.map((file) => {
    if (typeof file === "string" && FILE.test(file)) return file;
    throw new BrokenHeader(
      `its index must name files beside it: it names ${
        JSON.stringify(file)?.slice(0, MAX_SHOWN)
      }`,
    );
  });
  const absent = names.filter((file) => !present.has(file));
  if (absent.length > 0) {
    throw new BrokenHeader(
      `its index names ${absent[0]}${
        absent.length > 1 ? ` and ${absent.length - 1} more` : ""
      }, which is not there`,
    );
  }
  return names;
}
