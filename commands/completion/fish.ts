import type { CompletedCommand, CompletedOption, Taken } from "./words.ts";

/** A script for fish: `headroom completion fish | source`. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name);
  // A model in the first place is one to estimate.
  const others = names.filter((name) => name !== "estimate").join(" ");
  const seen = (name: string): string =>
    name === "estimate"
      ? `not __fish_seen_subcommand_from ${others}`
      : `__fish_seen_subcommand_from ${name}`;
  return [
    "# Completion of headroom for fish",
    "complete -c headroom -f",
    ...commands.map(({ name, about }) =>
      `complete -c headroom -n __fish_use_subcommand -a ${name} -d '${about}'`
    ),
    ...commands.flatMap(({ name, options, takes }) => [
      ...options.map((each) =>
        `complete -c headroom -n '${seen(name)}' ${optionOf(each)}`
      ),
      ...argumentOf(takes).map((words) =>
        `complete -c headroom -n '${seen(name)}' ${words}`
      ),
    ]),
    "",
  ].join("\n");
}

function optionOf({ names, about, takes }: CompletedOption): string {
  const spelled = names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`
  );
  const value = takes === "nothing"
    ? []
    : takes === "anything"
    ? ["-x"]
    : takes === "file"
    ? ["-r -F"]
    : [`-x -a '${takes.join(" ")}'`];
  return [...spelled, ...value, `-d '${about}'`].join(" ");
}

function argumentOf(takes: Taken): string[] {
  if (takes === "file") return ["-F"];
  return typeof takes === "string" ? [] : [`-a '${takes.join(" ")}'`];
}
