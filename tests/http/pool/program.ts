const ROOT = new URL("../../../", import.meta.url);

/** A program of the project that runs beside the tests. */
export interface Program extends AsyncDisposable {
  /** Waits for a line of its output that matches, and gives what it matched. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
  signal(signal: Deno.Signal): void;
  /** How it ended, and all that it has said. */
  ended(): Promise<{ code: number; text: string }>;
}

/** Starts a program with Deno's arguments. */
export function program(
  args: string[],
  env: Record<string, string> = {},
): Program {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", ...args],
    cwd: ROOT,
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let text = "";
  let isOver = false;
  let changed = Promise.withResolvers<void>();
  const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      changed.resolve();
      changed = Promise.withResolvers();
    }
  };
  const whole = Promise.all([read(child.stdout), read(child.stderr)])
    .then(async () => {
      const { code } = await child.status;
      isOver = true;
      changed.resolve();
      return { code, text };
    });
  return {
    async says(pattern) {
      for (;;) {
        const found = text.match(pattern);
        if (found) return found;
        if (isOver) throw new Error(`It ended without ${pattern}: ${text}`);
        await changed.promise;
      }
    },
    signal: (signal) => child.kill(signal),
    ended: () => whole,
    async [Symbol.asyncDispose]() {
      if (!isOver) child.kill("SIGKILL");
      await whole;
    },
  };
}
