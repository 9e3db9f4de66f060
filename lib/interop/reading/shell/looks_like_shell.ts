/**
 * Launchers and variables that begin a script's lines. Only what stands within a
 * line may be skipped: over many blank ones a search takes their square.
 */
const SHELL =
  /^[^\S\n]*(?:#!.*\bsh\b|export\s+\w+=|set\s+-|\w+=\(|(?:torchrun|python3?|srun|accelerate|deepspeed|mpirun)\s|--[a-z][\w-]*(?:[ =\\]|$))/m;

/** Whether a text is a shell script or a command line rather than YAML. */
export function looksLikeShell(text: string): boolean {
  if (/^\s*[{[]/.test(text)) return false;
  const bare = text.replaceAll(/^[^\S\n]*#(?!!).*$/gm, "");
  return SHELL.test(bare) && /(?:^|[\s("'])--[a-z]/m.test(bare);
}
