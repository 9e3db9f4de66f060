import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** What a program left. */
export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a script with python3, which is given a text to read.
 *
 * @throws {Error} Where there is no python3, or it may not be run.
 */
export async function runPython(
  script: string,
  input: string,
): Promise<Output> {
  // Deno's own way asks for no more than to run python3; Node's way would ask
  // Deno for the whole environment as well.
  return typeof Deno === "undefined"
    ? await runInNode(script, input)
    : await runInDeno(script, input);
}

async function runInNode(script: string, input: string): Promise<Output> {
  const python = spawn("python3", [script]);
  const ended = once(python, "close");
  // It may end before it has read all; its own words tell why.
  python.stdin.on("error", () => {});
  python.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(python.stdout),
    text(python.stderr),
    ended,
  ]);
  return { code, stdout, stderr };
}

async function runInDeno(script: string, input: string): Promise<Output> {
  const python = new Deno.Command("python3", {
    args: [script],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = python.stdin.getWriter();
  const typed = writer.write(new TextEncoder().encode(input))
    .then(() => writer.close())
    .catch(() => {});
  const { code, stdout, stderr } = await python.output();
  await typed;
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
