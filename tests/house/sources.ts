const ROOT = new URL("../../", import.meta.url);

/** Texts of sources by path from the project's root. */
export type Sources = ReadonlyMap<string, string>;

/**
 * Reads every source under files and folders.
 *
 * @param places Paths from the project's root.
 * @param options What a source's path looks like, TypeScript's unless said; and
 *   where they lie, unless in the project.
 */
export async function sourcesOf(
  places: readonly string[],
  { like = /\.tsx?$/, root = ROOT }: { like?: RegExp; root?: URL } = {},
): Promise<Sources> {
  const found = new Map<string, string>();
  for (const place of places) {
    const { isDirectory } = await Deno.stat(new URL(place, root));
    const paths = isDirectory ? pathsIn(place, root) : [place];
    for await (const path of paths) {
      if (!like.test(path)) continue;
      found.set(path, await Deno.readTextFile(new URL(path, root)));
    }
  }
  return found;
}

async function* pathsIn(folder: string, root: URL): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(new URL(folder, root))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* pathsIn(path, root);
    else yield path;
  }
}
