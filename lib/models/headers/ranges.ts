/**
 * Reads a part of a file: from a server, a disk or an upload.
 *
 * @param from The first byte.
 * @param to One after the last byte; past the end of the file there is nothing.
 * @returns The bytes, fewer where the file ends, and how many the whole file
 *   has; null where nobody says.
 */
export type ReadRange = (
  from: number,
  to: number,
) => Promise<{ bytes: Uint8Array<ArrayBuffer>; size: number | null }>;

/** A file that is no checkpoint, or one that no reader should trust. */
export class BrokenHeader extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "BrokenHeader";
  }
}

/** Reads parts of what is in memory, or of an uploaded file. */
export function rangesOfBlob(blob: Blob): ReadRange {
  return async (from, to) => ({
    bytes: new Uint8Array(await blob.slice(from, to).arrayBuffer()),
    size: blob.size,
  });
}
