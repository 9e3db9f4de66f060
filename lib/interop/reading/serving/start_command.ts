/** A command that may start a server, as a script, a container or a file has it. */
export interface StartCommand {
  /** Its words, with variables followed. */
  words: readonly string[];
  /** Variables of its environment. */
  env: ReadonlyMap<string, string>;
  /** The image that it runs in; null outside of containers. */
  image: string | null;
  /** GPUs that its container gets; null where nothing says it. */
  gpus: number | null;
  /** Remarks on what was left out while reading. */
  notes: readonly string[];
}

/** A program that serves models, as command lines name it. */
export interface ServingProgram {
  /** The engine's name in a Scenario. */
  engine: "vllm" | "sglang" | "tgi" | "tensorrt-llm" | "llama.cpp";
  /** Images that start it without being told. */
  image: RegExp | null;
  /**
   * How many words at a place are its name: 0 where it does not stand there.
   *
   * @param at The place of the first.
   */
  namedAt(words: readonly string[], at: number): number;
}

/** Whether a word is a program, wherever that lies. */
export function isProgram(word: string | undefined, name: string): boolean {
  return word !== undefined && (word === name || word.endsWith(`/${name}`));
}

/** How many words `python -m MODULE` has at a place. */
export function pythonModuleAt(
  words: readonly string[],
  at: number,
  modules: readonly string[],
): number {
  const [python = "", dash, module = ""] = words.slice(at, at + 3);
  return /^(?:.*\/)?python[\d.]*$/.test(python) && dash === "-m" &&
      modules.includes(module)
    ? 3
    : 0;
}
