import type { Scenario } from "../../scenario/schema.ts";
import { valueAt } from "../../scenario/walk.ts";
import type { DraftBuilder } from "./draft_builder.ts";
import type { ExportFormat } from "./exported.ts";

/** Where a command's name and what stands alone are kept among its flags. */
const PROGRAM = "";

/** A flag for a field: its name, and how its value is written. */
export type FlagFor = readonly [
  flag: string,
  path: string,
  /** The text, true of a flag that stands alone; null where there is no flag for it. */
  write?: (value: unknown) => string | true | null,
];

/** Starts a command with its program's words. */
export function startCommand(
  builder: DraftBuilder,
  ...words: readonly string[]
): DraftBuilder {
  return builder.put(PROGRAM, words);
}

/** Writes the flags of fields that are set, each with its field. */
export function putFlags(
  scenario: Scenario,
  builder: DraftBuilder,
  flags: readonly FlagFor[],
): void {
  for (const [flag, path, write = String] of flags) {
    const value = valueAt(scenario, path);
    if (value === null || value === undefined) continue;
    const written = write(value);
    if (written !== null) builder.put(flag, written, path);
  }
}

/** A command with a flag a line, as a shell takes it. */
export function writeCommand(values: Record<string, unknown>): string {
  const { [PROGRAM]: program, ...flags } = values;
  const lines = Object.entries(flags).map(([flag, value]) =>
    value === true ? flag : `${flag} ${shellWord(String(value))}`
  );
  const words = Array.isArray(program) ? program.map(String) : [];
  return `${[words.map(shellWord).join(" "), ...lines].join(" \\\n  ")}\n`;
}

/** A word as a shell takes it, between quotes where it has to be. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Why a scenario is not a server's; null where it is. */
export function refusedBy(
  { task, serve, model }: Scenario,
  engine: Scenario["serve"]["engine"],
): string | null {
  if (task !== "serve") {
    return `task must be serve: current value is "${task}"`;
  }
  if (serve.engine !== engine) {
    return `serve.engine must be ${engine}: current value is "${serve.engine}"`;
  }
  return typeof model === "string"
    ? null
    : "model must be a name: a server's command names no dimensions";
}

/** The type of weights by PyTorch's names. */
export const DTYPES = { bf16: "bfloat16", fp16: "float16", fp32: "float32" };

/** What a server's export has in common. */
export const COMMAND: Pick<ExportFormat, "syntax" | "write"> = {
  syntax: "shell",
  write: writeCommand,
};

/** A switch that has a flag of its own where it is on, and none where it is off. */
export function onlyOn(value: unknown): true | null {
  return value === true ? true : null;
}

/** A switch that has a flag of its own where it is off. */
export function onlyOff(value: unknown): true | null {
  return value === false ? true : null;
}
