import { Command } from "commander";
import {
  formatBytes,
  formatCount,
  searchGpus,
  searchModels,
} from "../lib/mod.ts";
import { plainTable, trimmed } from "../templates/terminal/plain_table.ts";
import { spelled } from "./spelled.ts";
import { write } from "./write.ts";

/** `models`: the model catalogue, by words of the name or the type. */
export function modelsCommand(): Command {
  return new Command("models")
    .description("Search the model catalogue")
    .argument("[query...]", "words of the name or the type, such as llama 8b")
    .addHelpText(
      "after",
      spelled(
        "\nExamples:\n  deno task models qwen3 32b\n  deno task models moe",
      ),
    )
    .action(async (words: string[]) => {
      const found = searchModels(words.join(" "));
      const table = plainTable(["left", "left", "right"]);
      for (const { id, config, parameters } of found) {
        table.push([
          id,
          String(config["model_type"]),
          parameters === undefined ? "approximate" : formatCount(parameters),
        ]);
      }
      await write(
        found.length === 0
          ? `No model of the catalogue matches "${words.join(" ")}"\n`
          : `${trimmed(table.toString())}\n${found.length} models\n`,
      );
    });
}

/** `gpus`: the GPU catalogue with usable memory. */
export function gpusCommand(): Command {
  return new Command("gpus")
    .description("List the GPU catalogue")
    .argument("[query]", "part of a name")
    .addHelpText(
      "after",
      spelled(
        "\nExamples:\n  deno task gpus 4090\n  deno task gpus data-centre",
      ),
    )
    .action(async (query = "") => {
      const table = plainTable(["left", "left", "left", "right", "left"]);
      const found = searchGpus(query);
      for (const gpu of found) {
        table.push([
          gpu.name,
          gpu.vendor,
          gpu.class,
          formatBytes(gpu.usable_bytes),
          gpu.basis,
        ]);
      }
      await write(
        found.length === 0
          ? `No GPU of the catalogue matches "${query}"\n`
          : `${
            trimmed(table.toString())
          }\n${found.length} GPUs, memory as a program sees it\n`,
      );
    });
}
