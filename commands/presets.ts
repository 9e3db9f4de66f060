import { Command } from "commander";
import { CALCULATOR_PRESETS } from "../lib/mod.ts";
import { plainTable, trimmed } from "../templates/terminal/plain_table.ts";
import { spelled } from "./spelled.ts";
import { write } from "./write.ts";

const EXAMPLES = `
Examples:
  deno task presets
  deno task calculate --preset llama2-7b`;

/** `presets`: what `calculate --preset` takes. */
export function presetsCommand(): Command {
  return new Command("presets")
    .description("List the presets that calculate takes")
    .option("--json", "print them as JSON, with their configurations")
    .addHelpText("after", spelled(EXAMPLES))
    .action(async ({ json }: { json?: boolean }) => {
      if (json) {
        await write(`${JSON.stringify(CALCULATOR_PRESETS, null, 2)}\n`);
        return;
      }
      const table = plainTable(["left", "left", "left"]);
      for (const { id, title, about } of CALCULATOR_PRESETS) {
        table.push([id, title, about]);
      }
      await write(`${trimmed(table.toString())}\n`);
    });
}
