const ROOT = new URL("../../", import.meta.url);

/** Processes that run at a time. */
const AT_ONCE = 4;

/**
 * What the program is started with, as deno.json's tasks do; quietly, for what
 * Deno itself says of downloads is none of the program's words.
 */
const RUN = [
  "run",
  "--quiet",
  "--no-prompt",
  "--allow-read",
  "--allow-env=INIT_CWD,NO_COLOR,FORCE_COLOR,LOG_TOKENS,LOG_STREAM",
];

/** Settings of one run. */
export interface Settings {
  /** What stands in the standard input. */
  stdin?: string;
  env?: Record<string, string>;
  /** Flags of Deno beside those that every run has. */
  permissions?: string[];
}

/** What a run left. */
export interface Ran {
  args: string[];
  code: number;
  out: string;
  err: string;
}

/** The program as a command, with its standard streams piped. */
export function command(args: string[], settings: Settings = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...RUN, ...settings.permissions ?? [], "cli.ts", ...args],
    cwd: ROOT,
    // Whoever runs the tests may have set these.
    env: { INIT_CWD: "", NO_COLOR: "", FORCE_COLOR: "", ...settings.env },
    stdin: settings.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs the program to its end. */
export async function headroom(
  args: string[],
  settings: Settings = {},
): Promise<Ran> {
  const process = command(args, settings).spawn();
  const typed = settings.stdin === undefined
    ? Promise.resolve()
    : type(process, settings.stdin);
  const { code, stdout, stderr } = await process.output();
  await typed;
  const decoder = new TextDecoder();
  return {
    args,
    code,
    out: decoder.decode(stdout),
    err: decoder.decode(stderr),
  };
}

/** Runs the program once for each command line, a few at a time. */
export async function headroomEach(
  lines: readonly string[][],
  settings: Settings = {},
): Promise<Ran[]> {
  const results: Ran[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < lines.length; at = next++) {
      results[at] = await headroom(lines[at] ?? [], settings);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

async function type(process: Deno.ChildProcess, text: string): Promise<void> {
  const writer = process.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // A program that needs no more input may close it.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
