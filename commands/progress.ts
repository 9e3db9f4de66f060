/** Shows how many headers have been read, and wipes that out again. */
export interface Progress {
  onProgress?: (done: number, total?: number) => void;
  end(): void;
}

const WIPE = "\r\x1b[K";

/**
 * Progress on one line of the standard error where that is a terminal; nowhere
 * else, so that what is piped on stays clean.
 */
export function terminalProgress(): Progress {
  if (!Deno.stderr.isTerminal()) return { end() {} };
  const encoder = new TextEncoder();
  const show = (text: string): void => {
    Deno.stderr.writeSync(encoder.encode(`${WIPE}${text}`));
  };
  return {
    onProgress(done, total) {
      show(`Reading headers: ${done}${total ? ` of ${total}` : ""} files`);
    },
    end: () => show(""),
  };
}
