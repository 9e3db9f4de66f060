/** A command of a script. */
export interface ShellCommand {
  /** Its words, with variables followed. */
  words: readonly string[];
  /** What is set for this command alone. */
  env: ReadonlyMap<string, string>;
}

/** A file that a script writes: its text stands in the script itself. */
export interface WrittenFile {
  /** Null where it is handed to a command. */
  name: string | null;
  text: string;
}
