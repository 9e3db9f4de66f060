import type { ReadRange } from "../lib/models/headers/mod.ts";
import { BrokenHeader } from "../lib/models/headers/mod.ts";

/** Reads parts of a file of the Hub. */
export function rangesOfUrl(url: string, ask: typeof fetch): ReadRange {
  return async (from, to) => {
    const answer = await ask(url, {
      headers: { range: `bytes=${from}-${to - 1}` },
    });
    if (!answer.ok) throw new BrokenHeader(`${url} is not there`);
    const total = answer.headers.get("content-range")?.match(/\/(\d+)$/)?.[1];
    return {
      bytes: new Uint8Array(await answer.arrayBuffer()),
      size: total === undefined ? null : Number(total),
    };
  };
}
