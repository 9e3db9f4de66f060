import type { CompletedCommand, CompletedOption, Taken } from "./words.ts";

/** A script for zsh: `headroom completion zsh > ~/.zfunc/_headroom`. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef headroom
# Completion of headroom for zsh
_headroom() {
  local -a commands
  commands=(
${commands.map(({ name, about }) => `    '${name}:${about}'`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands 'command' commands && return
  fi
  case "\${words[2]}" in
${
    commands.map((each) =>
      `    ${each.name}) shift words; (( CURRENT-- )); _headroom_${each.name} ;;`
    ).join("\n")
  }
    *) _headroom_estimate ;;
  esac
}
${commands.map(functionOf).join("\n")}
if [ "$funcstack[1]" = "_headroom" ]; then
  _headroom "$@"
else
  compdef _headroom headroom
fi
`;
}

function functionOf({ name, options, takes }: CompletedCommand): string {
  const lines = [...options.flatMap(specOf), `'*:argument:${actionOf(takes)}'`];
  return `_headroom_${name}() {
  _arguments ${lines.join(" \\\n    ")}
}`;
}

function specOf({ names, about, takes }: CompletedOption): string[] {
  const value = takes === "nothing" ? "" : `:value:${actionOf(takes)}`;
  return names.map((name) => `'*${name}[${about}]${value}'`);
}

function actionOf(takes: Taken): string {
  if (takes === "file") return "_files";
  if (typeof takes === "string") return " ";
  return `(${takes.join(" ")})`;
}
