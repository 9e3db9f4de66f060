import type { CompletedCommand, CompletedOption, Taken } from "./words.ts";
import { GPU_NAMES, MODELS } from "./words.ts";

/** A script for bash: `source <(headroom completion bash)`. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# Completion of headroom for bash
_headroom_models="${MODELS.join(" ")}"
_headroom_gpus="${GPU_NAMES.join(" ")}"
_headroom() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names} --help --version" -- "$word"))
    [ \${#COMPREPLY[@]} -eq 0 ] && command=estimate || return
  fi
  case "$command" in
${names.split(" ").map((name) => `    ${name}) ;;`).join("\n")}
    *) command=estimate ;;
  esac
  case "$command" in
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _headroom headroom
`;
}

function commandCase({ name, options, takes }: CompletedCommand): string {
  const behind = options.flatMap(({ names, takes: own }) =>
    own === "nothing"
      ? []
      : [`        ${names.join("|")}) ${replyOf(own)}; return ;;`]
  );
  return `    ${name})
      case "$before" in
${behind.length === 0 ? "        --) ;;" : behind.join("\n")}
      esac
      case "$word" in
        -*) COMPREPLY=($(compgen -W "${
    options.flatMap((each: CompletedOption) => each.names).join(" ")
  }" -- "$word")) ;;
        *) ${replyOf(takes)} ;;
      esac ;;`;
}

function replyOf(takes: Taken): string {
  if (takes === "file") return `COMPREPLY=($(compgen -f -- "$word"))`;
  if (typeof takes === "string") return ":";
  const words = takes === MODELS
    ? "$_headroom_models"
    : takes === GPU_NAMES
    ? "$_headroom_gpus"
    : takes.join(" ");
  return `COMPREPLY=($(compgen -W "${words}" -- "$word"))`;
}
