import process from "node:process";
import { Command, CommanderError } from "commander";
import { accuracyCommand } from "./commands/accuracy.ts";
import { actsCommand } from "./commands/acts.ts";
import { breakdownCommand } from "./commands/breakdown.ts";
import { calculateCommand } from "./commands/calculate.ts";
import { gpusCommand, modelsCommand } from "./commands/catalogues.ts";
import { compareCommand } from "./commands/compare.ts";
import { completionCommand } from "./commands/completion.ts";
import { spelled } from "./commands/spelled.ts";
import { estimateCommand } from "./commands/estimate.ts";
import { explainCommand } from "./commands/explain.ts";
import { withCommand } from "./commands/implied.ts";
import { presetsCommand } from "./commands/presets.ts";
import { quickCommand } from "./commands/quick.ts";
import { strategiesCommand } from "./commands/strategies.ts";
import { tablesCommand } from "./commands/tables.ts";
import { codeOf } from "./commands/system_error.ts";
import { RELEASE } from "./templates/release.ts";
import { UsageError } from "./commands/usage_error.ts";
import { validateCommand } from "./commands/validate.ts";

const EXAMPLES = `
Examples:
  Whether a model fits, by its name and flags of estimate
    deno task headroom qwen3-32b --qlora --gpu 4090
  The same for a script: status 3 where it does not fit
    deno task headroom qwen3-32b --qlora --gpu 4090 --check --json
  What estimate takes
    deno task headroom estimate --help`;

/** Exit status for a command line, or a scenario, that cannot be used. */
const USAGE = 2;

const program = new Command("headroom")
  .description("Will it fit? GPU memory of training, fine-tuning and serving.")
  .usage("[command | model] [options]")
  .version(RELEASE)
  .addHelpText("after", spelled(EXAMPLES));
// Whether help may be coloured would be asked of the environment.
const plain = { getOutHasColors: () => false, getErrHasColors: () => false };
// A description is wrapped beside the longest flag too.
const help = { minWidthToWrap: 24 };
const groups: Record<string, Command[]> = {
  "Will it fit:": [
    estimateCommand(),
    compareCommand(),
    strategiesCommand(),
    explainCommand(),
  ],
  "From a file, a preset or a size:": [
    calculateCommand(),
    quickCommand(),
    validateCommand(),
    presetsCommand(),
  ],
  "By rules of thumb:": [tablesCommand(), breakdownCommand()],
  "Catalogues:": [modelsCommand(), gpusCommand()],
  "Behind the figures:": [accuracyCommand(), actsCommand()],
  "For a shell:": [completionCommand()],
};
for (const [group, commands] of Object.entries(groups)) {
  for (const command of commands) {
    program.addCommand(
      command.configureOutput(plain).configureHelp(help).exitOverride()
        .showHelpAfterError("See --help").helpGroup(group),
    );
  }
}

try {
  const names = program.commands.map((command) => command.name());
  await program.configureOutput(plain).exitOverride().parseAsync(
    withCommand(process.argv.slice(2), names),
    { from: "user" },
  );
} catch (error) {
  process.exit(statusOf(error));
}

function statusOf(error: unknown): number {
  // Commander has already printed what is wrong, or the help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  // The reader of a pipe may stop early, as `head` does.
  if (codeOf(error) === "EPIPE") return 0;
  if (error instanceof UsageError) {
    console.error(error.message);
    return USAGE;
  }
  throw error;
}
