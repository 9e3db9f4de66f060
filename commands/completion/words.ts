import type { Command, Option } from "commander";
import { CATALOGUE, describeField, FLAGS, GPUS } from "../../lib/mod.ts";

/** What may stand behind an option, or in the place of an argument. */
export type Taken = "nothing" | "anything" | "file" | readonly string[];

/** An option as a shell completes it. */
export interface CompletedOption {
  /** Its spellings: "--json", "-f". */
  names: readonly string[];
  about: string;
  takes: Taken;
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  name: string;
  about: string;
  options: readonly CompletedOption[];
  /** Its arguments: names of models, of GPUs, or files. */
  takes: Taken;
}

/** Names as one word, which no shell has to quote. */
export const MODELS: readonly string[] = CATALOGUE.map(({ id }) => id);
export const GPU_NAMES: readonly string[] = GPUS.map(({ name }) =>
  name.replaceAll(" ", "-")
);

/** What the arguments of commands are, where they are no files. */
const ARGUMENTS: Record<string, Taken> = {
  estimate: MODELS,
  compare: MODELS,
  strategies: MODELS,
  models: "anything",
  gpus: GPU_NAMES,
  quick: "anything",
  presets: "nothing",
  completion: ["bash", "zsh", "fish"],
  accuracy: "nothing",
  explain: "file",
};

/** Every command of the program, as shells complete them. */
export function completedCommands(program: Command): CompletedCommand[] {
  return program.commands.map((command) => ({
    name: command.name(),
    about: line(command.description()),
    options: [
      ...command.options.map(completedOption),
      { names: ["--help"], about: "show the help", takes: "nothing" },
    ],
    takes: ARGUMENTS[command.name()] ?? "file",
  }));
}

function completedOption(option: Option): CompletedOption {
  const { short, long, description } = option;
  return {
    names: [long, short].filter((name) => name !== undefined),
    about: line(description),
    takes: takenBy(option),
  };
}

function takenBy(option: Option): Taken {
  const { argChoices, required, optional, long, flags } = option;
  if (argChoices) return argChoices;
  if (!required && !optional) return "nothing";
  if (/<(file|folder|dir)/.test(flags)) return "file";
  const flag = FLAGS.find(({ name }) => name === long);
  if (flag?.value === "<bool>") return ["true", "false"];
  if (flag?.path === "model") return MODELS;
  if (flag?.path === "hardware.gpu" || long === "--gpu") return GPU_NAMES;
  if (flag?.allowed) return flag.allowed;
  const field = flag && !flag.settings ? describeField(flag.path) : null;
  return field?.kind === "choice" ? field.options : "anything";
}

/** The first line of a text, without what a shell would read. */
function line(text: string): string {
  return (text.split("\n")[0] ?? "").replaceAll(/['"`$\\[\]:]/g, "");
}
