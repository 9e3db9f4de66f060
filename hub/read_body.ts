import { HubUnreachable } from "./hub_error.ts";
import { inMebibytes } from "./limits.ts";

/**
 * Reads a whole answer, and gives up as soon as it is too large.
 *
 * @param maximum Bytes, once decompressed.
 * @throws {HubUnreachable} When there are more, or fewer than announced.
 */
export async function readBody(
  response: Response,
  maximum: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (announced > maximum) {
    await response.body?.cancel();
    throw tooLarge(maximum);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (length > maximum) throw tooLarge(maximum);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  checkRange(response, length);
  return bytes;
}

function tooLarge(maximum: number): HubUnreachable {
  return new HubUnreachable(
    `the answer must have at most ${inMebibytes(maximum)}: it has more`,
  );
}

/** A part of a file has as many bytes as it says. */
function checkRange({ status, headers }: Response, length: number): void {
  if (status !== 206) return;
  const range = headers.get("content-range")?.match(/^bytes (\d+)-(\d+)\//);
  if (!range) return;
  const said = Number(range[2]) - Number(range[1]) + 1;
  if (said !== length) {
    throw new HubUnreachable(
      `the answer broke off after ${length} of ${said} bytes; try again`,
    );
  }
}
