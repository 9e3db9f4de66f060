import { parse } from "unbash";
import type { ShellCommand, WrittenFile } from "./shell_command.ts";
import { ScriptReader } from "./script_reader.ts";
import { Variables } from "./variables.ts";

/** What a script does, as far as its text tells. */
export interface Script {
  commands: readonly ShellCommand[];
  /** Commands where the text does not tell whether they run. */
  doubtful: readonly ShellCommand[];
  variables: Variables;
  files: readonly WrittenFile[];
  /** Statements of conditions and loops that are not followed. */
  left: number;
}

/**
 * Follows a shell script: variables, arrays, functions, conditions that its text
 * decides, and its commands. Nothing is run.
 *
 * @param given What the caller of the script sets, by name.
 */
export function readScript(
  text: string,
  given: ReadonlyMap<string, string> = new Map(),
): Script {
  const reader = new ScriptReader(new Variables(given));
  reader.statements(parse(text).commands);
  return {
    commands: reader.commands,
    doubtful: reader.doubtful,
    variables: reader.variables,
    files: reader.files,
    left: reader.left,
  };
}

/** A remark on statements that are not followed. */
export function leftOut(statements: number): string[] {
  return statements === 0 ? [] : [
    `${statements} ${
      statements === 1 ? "statement stands" : "statements stand"
    } in conditions or loops that the text does not decide, which are not followed`,
  ];
}
