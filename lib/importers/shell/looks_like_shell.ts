/** Launchers and variables that begin a script's lines. */
const SHELL =
  /^\s*(?:#!.*\bsh\b|export\s+\w+=|set\s+-|\w+=\(|(?:torchrun|python3?|srun|accelerate|deepspeed|mpirun)\s|--[a-z][\w-]*(?:[ =\\]|$))/m;

/** Whether a text is a shell script or a command line rather than YAML. */
export function looksLikeShell(text: string): boolean {
  if (/^\s*[{[]/.test(text)) return false;
  const bare = text.replaceAll(/^\s*#(?!!).*$/gm, "");
  return SHELL.test(bare) && /(?:^|[\s("'])--[a-z]/m.test(bare);
}
