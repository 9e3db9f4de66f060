import { Argument, Command } from "commander";
import { bashScript } from "./completion/bash.ts";
import { fishScript } from "./completion/fish.ts";
import type { CompletedCommand } from "./completion/words.ts";
import { completedCommands } from "./completion/words.ts";
import { zshScript } from "./completion/zsh.ts";
import { write } from "./write.ts";

const EXAMPLES = `
Examples, for a program that is called headroom:
  bash, in ~/.bashrc
    source <(headroom completion bash)
  zsh, in a folder of $fpath
    headroom completion zsh > ~/.zfunc/_headroom
  fish
    headroom completion fish > ~/.config/fish/completions/headroom.fish`;

const SCRIPTS: Record<string, (commands: CompletedCommand[]) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `completion`: a script that completes commands, flags, models and GPUs. */
export function completionCommand(): Command {
  return new Command("completion")
    .description("Print a script that completes commands for a shell")
    .addArgument(
      new Argument("<shell>", "the shell").choices(Object.keys(SCRIPTS)),
    )
    .addHelpText("after", EXAMPLES)
    .action(async (shell: string, _given: object, { parent }: Command) => {
      const script = SCRIPTS[shell];
      if (parent && script) await write(script(completedCommands(parent)));
    });
}
