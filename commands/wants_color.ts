import { stdout } from "node:process";
import { environment } from "./environment.ts";

/** Whether what is printed may have colours: on a terminal, unless told otherwise. */
export function wantsColor(): boolean {
  if (environment("NO_COLOR")) return false;
  return Boolean(environment("FORCE_COLOR")) || stdout.isTTY === true;
}
