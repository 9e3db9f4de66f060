/** Longest that requests under way are waited for when the server ends. */
const MAX_MS = 10_000;

/** Signals that ask a server to end. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Ends a server when it is asked to: it takes no more requests, answers those
 * that are under way, and leaves with success.
 */
export function endOnSignal(
  server: Pick<Deno.HttpServer, "shutdown">,
  close: () => void,
  { exit = Deno.exit, maxMs = MAX_MS }: {
    exit?: (code: number) => void;
    maxMs?: number;
  } = {},
): void {
  let isEnding = false;
  const end = async (): Promise<void> => {
    // Whoever asks twice does not want to wait.
    if (isEnding) return exit(0);
    isEnding = true;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, maxMs);
    await Promise.race([server.shutdown(), late]);
    close();
    exit(0);
  };
  for (const signal of SIGNALS) {
    try {
      Deno.addSignalListener(signal, () => void end());
    } catch {
      // There are no such signals here: Windows, or Deno Deploy.
    }
  }
}
