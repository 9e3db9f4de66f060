import { LINES_TYPE } from "../batch_lines.ts";
import type { SentAnswer } from "./messages.ts";

/** Whether an answer's body is to go out as it comes. */
export function streams(response: Response): boolean {
  return response.headers.get("Content-Type") === LINES_TYPE;
}

/** An answer, read whole. */
export async function sentOf(response: Response): Promise<SentAnswer> {
  return {
    status: response.status,
    headers: [...response.headers],
    body: response.body ? new Uint8Array(await response.arrayBuffer()) : null,
  };
}
