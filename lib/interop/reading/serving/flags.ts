import { withDollars } from "../shell/unset.ts";

/** A command's flags by their names without dashes, and what stands alone. */
export interface CommandFlags {
  /** True where no value follows; of a flag that stands twice the last. */
  flags: Record<string, string | true>;
  /** Words before the first flag, and what follows a flag's first value. */
  alone: string[];
}

const FLAG = /^--?([A-Za-z][\w.-]*)(?:=([^]*))?$/;

/**
 * Reads the words after a program's name. Underscores count as hyphens; variables
 * that nothing sets stand as `$NAME`.
 */
export function flagsOfCommand(words: readonly string[]): CommandFlags {
  const flags: Record<string, string | true> = Object.create(null);
  const alone: string[] = [];
  let name: string | null = null;
  for (const given of words) {
    const word = withDollars(given);
    const match = FLAG.exec(word);
    if (match) {
      const [, flag = "", value] = match;
      name = nameOf(flag);
      flags[name] = value ?? true;
      if (value !== undefined) name = null;
    } else if (name !== null && flags[name] === true) flags[name] = word;
    else if (name !== null && isJoined(flags[name], word)) {
      // Quoted JSON and lists come in several words.
      flags[name] = `${flags[name]} ${word}`;
    } else alone.push(word);
  }
  return { flags, alone };
}

function nameOf(flag: string): string {
  return flag.startsWith("O") && /^O\d$/.test(flag)
    ? "O"
    : flag.replaceAll("_", "-");
}

/** Whether a word goes on with a value: brackets that are open, or more numbers. */
function isJoined(value: string | true | undefined, word: string): boolean {
  if (typeof value !== "string") return false;
  if (/^[[{]/.test(value)) return !/[\]}]$/.test(value) || /^[\]}]/.test(word);
  return /^[\d.]+(?: [\d.]+)*$/.test(value) && /^[\d.]+$/.test(word);
}
