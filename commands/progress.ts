import { stderr } from "node:process";

/** Shows what is under way, and wipes that out again. */
export interface Progress {
  onProgress?: (done: number, total?: number) => void;
  /** Shows something else that takes a while. */
  say?: (text: string) => void;
  end(): void;
}

const WIPE = "\r\x1b[K";

/**
 * Progress on one line of the standard error where that is a terminal; nowhere
 * else, so that what is piped on stays clean.
 */
export function terminalProgress(): Progress {
  if (!stderr.isTTY) return { end() {} };
  const show = (text: string): void => {
    stderr.write(`${WIPE}${text}`);
  };
  return {
    onProgress(done, total) {
      show(`Reading headers: ${done}${total ? ` of ${total}` : ""} files`);
    },
    say: show,
    end: () => show(""),
  };
}
