/** A program that a command starts. */
export interface StartedProgram {
  /** A name on the path, a module of Python, or a script. */
  kind: "program" | "module" | "script";
  /** The name without its folder; a module's with its dots. */
  name: string;
  /** As it is written. */
  path: string;
  /** The words after it. */
  args: readonly string[];
  /** Variables of its environment. */
  env: ReadonlyMap<string, string>;
}

/** What a command says to a tool. */
export interface CommandRead {
  /** Settings by the keys of the tool's own files. */
  values: Record<string, unknown>;
  /** The file that it names, over which these settings win. */
  file?: string;
  /** Remarks on what was left out while reading. */
  notes?: readonly string[];
  /** The words of another program that this one starts. */
  starts?: readonly string[];
}

/** Reads what a tool is started with; null where another program is started. */
export type CommandReader = (started: StartedProgram) => CommandRead | null;

/** Programs that only write, fetch or look. */
const OTHERS =
  /^(?:echo|printf|cat|ls|cd|pip3?|uv|git|mkdir|rm|cp|mv|tee|wget|curl|apt|apt-get|conda|source|\.|huggingface-cli|hf|modelscope|nvidia-smi|export|unset|set|sleep|kill|grep|sed|awk|exit|shift|wait|read|ssh|scp|rsync|chmod|touch|module|ulimit)$/;

/**
 * The programs that a command may start, from its first word on: what stands
 * before one, such as `sudo env`, `srun`, or a container's image, is passed by.
 *
 * @yields Each word that may be a program, with the words after it.
 */
export function* startedBy(
  words: readonly string[],
  env: ReadonlyMap<string, string>,
): Generator<StartedProgram> {
  const first = words[0] ?? "";
  const runs = words[1] === "run" && first === "uv";
  if (OTHERS.test(baseOf(first)) && !runs) return;
  for (let at = 0; at < words.length; at++) {
    const started = startedAt(words, at, env);
    if (started) yield started;
  }
}

/** The program at a place among words; null where none can stand. */
export function startedAt(
  words: readonly string[],
  at: number,
  env: ReadonlyMap<string, string>,
): StartedProgram | null {
  const path = words[at] ?? "";
  const name = baseOf(path);
  if (/^python[\d.]*$/.test(name)) {
    let next = at + 1;
    while (/^-(?!m$)[A-Za-z]+$/.test(words[next] ?? "")) next++;
    return words[next] === "-m" || (words[next] ?? "").endsWith(".py")
      ? startedAt(words, next, env)
      : null;
  }
  if (path === "-m" || path === "--module") {
    const module = words[at + 1] ?? "";
    return /^[A-Za-z_][\w.]*$/.test(module)
      ? {
        kind: "module",
        name: module,
        path: module,
        args: words.slice(at + 2),
        env,
      }
      : null;
  }
  if (!/^[\w.+-]+$/.test(name) || name.startsWith("-")) return null;
  return {
    kind: name.endsWith(".py") ? "script" : "program",
    name,
    path,
    args: words.slice(at + 1),
    env,
  };
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
