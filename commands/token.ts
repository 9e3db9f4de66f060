import { stdin } from "node:process";
import { readStandardInput } from "./standard_input.ts";
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
  const text = stdin.isTTY
    ? await typed()
    : (await readStandardInput()).split(ENTER)[0] ?? "";
  const token = text.trim();
  if (TOKEN.test(token)) return token;
  throw new UsageError(
    "--hf-token-stdin must find a token on the standard input: 1 to 200 letters, digits and signs in its first line",
  );
}

async function typed(): Promise<string> {
  let text = "";
  console.error("Token of the Hub (not shown): ");
  stdin.setRawMode(true).setEncoding("utf8");
  try {
    for await (const typed of stdin) {
      for (const sign of String(typed)) {
        if (sign === INTERRUPT) throw new UsageError("Stopped");
        text = ERASE.test(sign) ? text.slice(0, -1) : text + sign;
      }
      if (ENTER.test(text)) break;
    }
  } finally {
    stdin.setRawMode(false);
  }
  return text.split(ENTER)[0] ?? "";
}
