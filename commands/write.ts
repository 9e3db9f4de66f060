const encoder = new TextEncoder();

/** Writes text to the standard output, all of it, before it returns. */
export async function write(text: string): Promise<void> {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) {
    bytes = bytes.subarray(await Deno.stdout.write(bytes));
  }
}
