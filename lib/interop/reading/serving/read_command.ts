import type { Document } from "../document.ts";
import { flagsOfCommand } from "./flags.ts";
import type { ServingSource } from "./source.ts";
import type { ServingProgram, StartCommand } from "./start_command.ts";

/** Keys of what no flag says. */
export const COMMAND_KEYS = {
  /** The engine that is started. */
  program: "program",
  /** A word that stands alone: the model, of most. */
  alone: "model",
  /** GPUs of the container, or those that are visible. */
  gpus: "gpus",
} as const;

/** Variables of an environment that decide what is read. */
const VISIBLE = ["CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"];

/**
 * The command that starts a program, as settings: its flags without dashes, and
 * what stands alone.
 *
 * @param positional Whether a word that stands alone is the model.
 * @returns Null where nothing starts it.
 */
export function readCommand(
  source: ServingSource,
  program: ServingProgram,
  positional: boolean,
): Document | null {
  // An image starts its program only where no command names it.
  for (const wordsAfter of [afterName, afterImage]) {
    for (const command of source.commands) {
      const words = wordsAfter(command, program);
      if (words !== null) {
        return documentOf(command, words, program, positional);
      }
    }
  }
  return null;
}

/** The words after the program's name. */
function afterName(
  { words }: StartCommand,
  program: ServingProgram,
): readonly string[] | null {
  for (let at = 0; at < words.length; at++) {
    const count = program.namedAt(words, at);
    if (count > 0) return words.slice(at + count);
  }
  return null;
}

/** The words after an image that starts the program by itself. */
function afterImage(
  { words, image }: StartCommand,
  program: ServingProgram,
): readonly string[] | null {
  if (image === null || !program.image?.test(image)) return null;
  const after = words.slice(words.indexOf(image) + 1);
  return /^(?:.*\/)?(?:(?:ba|z)?sh|python[\d.]*|ray|sleep|tail)$/
      .test(after[0] ?? "")
    ? null
    : after;
}

function documentOf(
  { env, gpus, notes }: StartCommand,
  words: readonly string[],
  { engine }: ServingProgram,
  positional: boolean,
): Document {
  const { flags, alone } = flagsOfCommand(words);
  const values: Record<string, unknown> = Object.create(null);
  values[COMMAND_KEYS.program] = engine;
  const [model] = alone.filter((word) => /[\w$]/.test(word));
  if (positional && model !== undefined && flags["model"] === undefined) {
    values[COMMAND_KEYS.alone] = model;
  }
  Object.assign(values, flags);
  const visible = gpus ?? visibleIn(env);
  if (visible !== null && values[COMMAND_KEYS.gpus] === undefined) {
    values[COMMAND_KEYS.gpus] = visible;
  }
  return { kind: "own", values, comments: "", notes: [...notes] };
}

/** How many GPUs are visible; null where all are. */
function visibleIn(env: StartCommand["env"]): number | null {
  for (const name of VISIBLE) {
    const listed = env.get(name);
    if (listed === undefined || !/^[\d,]+$/.test(listed)) continue;
    return listed.split(",").filter((each) => each !== "").length;
  }
  return null;
}
