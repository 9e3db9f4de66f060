/**
 * Launchers and variables that begin a script's lines. Only what stands within a
 * line may be skipped: over many blank ones a search takes their square.
 */
const SHELL =
  /^[^\S\n]*(?:#!.*\bsh\b|export\s+\w+=|set\s+-|\w+=\(|(?:torchrun|python3?|srun|accelerate|deepspeed|mpirun|docker|podman|ray|singularity|apptainer|uv|nohup|sudo|eval)\s|--[a-z][\w-]*(?:[ =\\]|$))/m;

/** Lines that start a program of training, whatever is set before it. */
const STARTS =
  /^[^\S\n]*(?:\$[^\S\n]+)?(?:sudo[^\S\n]+|env[^\S\n]+|nohup[^\S\n]+|uv run[^\S\n]+|[A-Za-z_]\w*=[^\s=]\S*[^\S\n]+|[A-Za-z_]\w*=[^\S\n]+)*(?:torchrun|deepspeed|accelerate[^\S\n]+launch|llamafactory-cli|llamafactory|swift[^\S\n]+(?:sft|pt|rlhf|megatron)|megatron[^\S\n]+(?:sft|pt|rlhf)|trl[^\S\n]+[a-z_]+|axolotl[^\S\n]+[a-z]+|tune[^\S\n]+run|nemo[^\S\n]+llm|litgpt[^\S\n]+(?:finetune|pretrain)\w*|(?:bash[^\S\n]+)?[\w./-]+\.sh|python[\d.]*[^\S\n]+(?:-m[^\S\n]+)?[\w./$-]+)(?:[ \\]|$)/m;

/** Whether a text is a shell script or a command line rather than YAML. */
export function looksLikeShell(text: string): boolean {
  if (/^\s*[{[]/.test(text)) return false;
  const bare = text.replaceAll(/^[^\S\n]*#(?!!).*$/gm, "");
  return STARTS.test(bare) ||
    SHELL.test(bare) && /(?:^|[\s("'])--[a-z]/m.test(bare);
}
