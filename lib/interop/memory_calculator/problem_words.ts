import type { Problem } from "../../scenario/problem.ts";

/** Fields of a scenario, and where a configuration says them. */
const PATHS: readonly (readonly [scenario: string, config: string])[] = [
  ["parallel.gpus", "hardware.num_gpus"],
  ["parallel.tp", "parallelism.tensor_parallel_size"],
  ["parallel.pp", "parallelism.pipeline_parallel_size"],
  ["train.micro_batch", "training.batch_size"],
  ["train.sequence_length", "model.max_seq_len"],
  ["model.dims.attention_heads", "model.num_attention_heads"],
  ["model.dims.layers", "model.num_layers"],
];

/** Problems of the scenario in the words of the file that it was read from. */
export function inConfigWords(problems: readonly Problem[]): Problem[] {
  return problems.map(({ path, message }) => {
    const known = PATHS.find(([scenario]) => scenario === path);
    if (!known) return { path, message };
    return { path: known[1], message: message.replace(known[0], known[1]) };
  });
}
