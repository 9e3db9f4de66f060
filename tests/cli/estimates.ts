import { join } from "node:path";
import type { ScenarioInput } from "../../lib/mod.ts";

export const SCENARIO: ScenarioInput = {
  model: "llama2-7b",
  train: { micro_batch: 2, sequence_length: 4096, checkpointing: "full" },
  parallel: { gpus: 8 },
  engine: { name: "deepspeed", zero_stage: 2 },
};

/** As it stands after a way through JSON. */
export function viaJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

export async function withFolder(
  files: Record<string, string>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.writeTextFile(path, text);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
