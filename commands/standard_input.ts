import { stdin } from "node:process";
import { text } from "node:stream/consumers";

/** All of the standard input. */
export function readStandardInput(): Promise<string> {
  return text(stdin);
}
