import { UsageError } from "./usage_error.ts";

const TOKEN = /^[\x21-\x7e]{1,200}$/;
const ENTER = /[\r\n]/;
const INTERRUPT = "\x03";
const ERASE = /[\x7f\b]/;

/**
 * Reads a token of the Hub: typed without being shown where the standard input
 * is a terminal, else its first line.
 *
 * @throws {UsageError} When it is none; the message does not repeat it.
 */
export async function readToken(): Promise<string> {
  const text = Deno.stdin.isTerminal()
    ? await typed()
    : (await new Response(Deno.stdin.readable).text()).split(ENTER)[0] ?? "";
  const token = text.trim();
  if (TOKEN.test(token)) return token;
  throw new UsageError(
    "--hf-token-stdin must find a token on the standard input: 1 to 200 letters, digits and signs in its first line",
  );
}

async function typed(): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024);
  let text = "";
  console.error("Token of the Hub (not shown): ");
  Deno.stdin.setRaw(true);
  try {
    while (!ENTER.test(text)) {
      const count = await Deno.stdin.read(buffer);
      if (count === null) break;
      for (const sign of decoder.decode(buffer.subarray(0, count))) {
        if (sign === INTERRUPT) throw new UsageError("Stopped");
        text = ERASE.test(sign) ? text.slice(0, -1) : text + sign;
      }
    }
  } finally {
    Deno.stdin.setRaw(false);
  }
  return text.split(ENTER)[0] ?? "";
}
