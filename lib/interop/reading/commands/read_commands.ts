import type { Document } from "../document.ts";
import type { Format } from "../format.ts";
import { readCallersFlags } from "../shell/unset.ts";
import { flagsOf } from "../shell/read_shell.ts";
import type { Script } from "../shell/script.ts";
import { leftOut } from "../shell/script.ts";
import type { ShellCommand } from "../shell/shell_command.ts";
import { flagValues } from "./flag_values.ts";
import type { CommandRead, StartedProgram } from "./started.ts";
import { startedBy } from "./started.ts";

/** Settings, and whose they are. */
export interface FormatDocument {
  format: Format;
  document: Document;
}

/** How deep launchers start each other. */
const MAX_CHAIN = 6;

/**
 * The programs that a script's commands start: of several commands the one that
 * says most, with what launches it.
 *
 * @returns Empty where no command starts a program that is known.
 */
export function readCommands(
  { commands, doubtful, variables, left }: Script,
  formats: readonly Format[],
): FormatDocument[] {
  const exported = variables.entries();
  const envOf = ({ env }: ShellCommand): Map<string, string> =>
    new Map([...exported, ...env]);
  for (const list of [commands, doubtful]) {
    const chains = list.map((command) => {
      const env = envOf(command);
      const { words } = command;
      return { chain: chainOf(words, env, formats), env, words };
    }).filter(({ chain }) => chain.length > 0);
    const [best] = chains.toSorted((a, b) =>
      knownIn(b.chain) - knownIn(a.chain)
    );
    if (!best) continue;
    const others = chains.filter(({ chain }) =>
      chain !== best.chain && knownIn(chain) > knownIn(best.chain) / 2
    ).length;
    const notes = [
      ...leftOut(list === commands ? left : 0),
      ...others === 0 ? [] : [
        others === 1
          ? "another command of the script is left out: paste it alone"
          : `${others} other commands of the script are left out: paste each alone`,
      ],
    ];
    const last = best.chain.at(-1);
    if (last) {
      last.document.notes.push(...notes);
      last.document.undecided = best.words.flatMap((word) =>
        readCallersFlags(word) ?? []
      );
    }
    return [...environmentIn(best.env, formats), ...best.chain];
  }
  return [];
}

/** How many settings of a chain its formats know. */
function knownIn(chain: readonly FormatDocument[]): number {
  return chain.reduce(
    (sum, { format, document }) =>
      sum + 1 +
      format.rules.flatMap(({ keys }) => keys)
        .filter((key) => key in document.values).length,
    0,
  );
}

/** Launchers and the program that they start in the end. */
function chainOf(
  words: readonly string[],
  env: ReadonlyMap<string, string>,
  formats: readonly Format[],
): FormatDocument[] {
  const chain: FormatDocument[] = [];
  let rest: readonly string[] | undefined = words;
  while (rest && chain.length < MAX_CHAIN) {
    let next: readonly string[] | undefined;
    let script: StartedProgram | null = null;
    for (const started of startedBy(rest, env)) {
      const read = readBy(started, formats);
      if (read) {
        chain.push(read.found);
        next = read.starts;
        script = null;
        break;
      }
      if (started.kind !== "program") {
        script = started;
        break;
      }
    }
    // What hands a job to a cluster has its command behind two dashes.
    const handed: readonly string[] | null = script
      ? handedOver(script, formats)
      : null;
    if (handed) {
      rest = handed;
      continue;
    }
    if (script) {
      const own = byFlags(script.args, formats);
      if (own) chain.push(own);
    }
    rest = next;
  }
  return chain;
}

/** The last command behind a script's two dashes, where it starts what is known. */
function handedOver(
  { args, env }: StartedProgram,
  formats: readonly Format[],
): readonly string[] | null {
  const at = args.indexOf("--");
  if (at < 0) return null;
  const behind = args.slice(at + 1);
  const words = behind.slice(behind.lastIndexOf("&&") + 1);
  for (const started of startedBy(words, env)) {
    if (readBy(started, formats)) return words;
  }
  return null;
}

function readBy(
  started: StartedProgram,
  formats: readonly Format[],
): { found: FormatDocument; starts: CommandRead["starts"] } | null {
  for (const format of formats) {
    const read = format.command?.(started);
    if (read) return { found: found(format, read), starts: read.starts };
  }
  return null;
}

function found(
  format: Format,
  { values, notes = [], file }: CommandRead,
): FormatDocument {
  const document: Document = {
    kind: format.kind,
    values,
    comments: "",
    notes: [...notes],
    ...(file === undefined ? {} : { file }),
  };
  return { format, document };
}

/** A script that is nobody's own, by the flags that it takes. */
export function byFlags(
  words: readonly string[],
  formats: readonly Format[],
): FormatDocument | null {
  const flags = flagsOf(words);
  const { values } = flagValues(words);
  for (const format of formats) {
    if (format.kind === "shell" && format.recognises(flags, "")) {
      return found(format, { values: flags });
    }
    if (format.byFlags && format.recognises(values, "")) {
      return found(format, { values });
    }
  }
  return null;
}

/** What the variables of the environment say, where they say something. */
function environmentIn(
  env: ReadonlyMap<string, string>,
  formats: readonly Format[],
): FormatDocument[] {
  return formats.flatMap((format) => {
    const names = format.environment ?? [];
    const values: Record<string, unknown> = Object.create(null);
    for (const name of names) {
      const value = env.get(name);
      if (value !== undefined && value !== "") values[name] = value;
    }
    return Object.keys(values).length > 0 ? [found(format, { values })] : [];
  });
}
