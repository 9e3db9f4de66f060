import type { Document } from "./document.ts";

/** Configurations that a tool ships, by their paths without an extension. */
export interface ShippedFiles {
  /** Who ships them, with the release that they were read off. */
  readonly by: string;
  readonly files: Readonly<Record<string, ShippedFile>>;
}

/** Of a file what may decide memory. */
interface ShippedFile {
  readonly values: Record<string, unknown>;
  /** What its comments say of how it is started. */
  readonly comments?: string;
}

/** A file that is known without being given. */
export interface Shipped {
  /** Its path as the tool has it. */
  readonly name: string;
  /** Who ships it, in which release. */
  readonly by: string;
  readonly document: Document;
}

/**
 * A file that a command names and a tool ships, such as the examples that its own
 * documents start.
 *
 * @param folder Where the tool keeps them, which a path may begin with or hold.
 */
export function shippedFile(
  { by, files }: ShippedFiles,
  path: string,
  folder: string,
): Shipped | null {
  const at = path.lastIndexOf(`${folder}/`);
  const end = at < 0 ? path : path.slice(at + folder.length + 1);
  const name = end.replace(/\.ya?ml$/, "");
  // A path of somebody's own names another file, whatever it is called.
  if (at < 0 && name !== end) return null;
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  return file === undefined ? null : {
    name,
    by,
    document: {
      kind: "mapping",
      values: file.values,
      comments: file.comments ?? "",
      notes: [],
    },
  };
}
