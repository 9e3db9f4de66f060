import type { CommandRead } from "./started.ts";

/**
 * A launcher's own flags, and the words of what it starts: those from the first
 * that is no flag and no flag's value on.
 *
 * @param alone Flags that take no value.
 */
export function launcherValues(
  args: readonly string[],
  alone: RegExp,
): CommandRead {
  const values: Record<string, unknown> = Object.create(null);
  let at = 0;
  let isModule = false;
  while (at < args.length) {
    const word = args[at] ?? "";
    const match = /^--?([A-Za-z][\w-]*)(?:=([^]*))?$/.exec(word);
    if (!match) break;
    const name = (match[1] ?? "").replaceAll("_", "-");
    // What follows -m is the program, which reads its name itself.
    if (name === "m" || name === "module" && match[2] === undefined) {
      if (!(args[at + 1] ?? "-").startsWith("-")) break;
      isModule = true;
      at++;
      continue;
    }
    if (match[2] !== undefined) values[name] = match[2];
    else if (alone.test(name) || /^-/.test(args[at + 1] ?? "-")) {
      values[name] = true;
    } else values[name] = args[++at];
    at++;
  }
  const rest = args.slice(at);
  return { values, starts: isModule ? ["-m", ...rest] : rest };
}
