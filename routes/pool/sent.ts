import type { SentAnswer } from "./messages.ts";

/** An answer, read whole. */
export async function sentOf(response: Response): Promise<SentAnswer> {
  return {
    status: response.status,
    headers: [...response.headers],
    body: response.body ? new Uint8Array(await response.arrayBuffer()) : null,
  };
}
