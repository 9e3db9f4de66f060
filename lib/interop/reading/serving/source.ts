import { MAX_CONFIGURATION_LENGTH, MAX_LINES } from "../limits.ts";
import { leftOut, readScript } from "../shell/script.ts";
import { commandsOfContainers, looksLikeContainers } from "./containers.ts";
import { commandsOfPython, looksLikeServingPython } from "./python_calls.ts";
import { commandsOfSettings, looksLikeEngineSettings } from "./settings.ts";
import { handedOn } from "./handed_on.ts";
import type { StartCommand } from "./start_command.ts";

/** Most characters of a log; what a server prints while it starts has fewer. */
export const MAX_LOG_LENGTH = 1024 * 1024;
/** Lines of a log that are looked at: a server starts in its first ones. */
export const MAX_LOG_LINES = 50_000;
/** Most characters of a line of a log that are looked at. */
export const MAX_LOG_LINE = 32 * 1024;

/** Words without which a text starts no server. */
const SERVERS =
  /vllm|sglang|llama-(?:server|cli|completion|run)|llama\.cpp|text-generation-|trtllm|tensorrt-llm|lmdeploy|ollama|modelFormat|huggingfaceserver/i;

/** A text that a server may be started with, read once for all programs. */
export class ServingSource {
  readonly #text: string;
  #commands: readonly StartCommand[] | null = null;
  #lines: readonly string[] | null = null;

  /** @param name The file's, where it is known. */
  constructor(text: string, readonly name: string = "") {
    this.#text = text;
  }

  /** The whole text. */
  get text(): string {
    return this.#text;
  }

  /** Whether the text is short enough for a file that somebody wrote. */
  get isWritten(): boolean {
    return this.#text.length <= MAX_CONFIGURATION_LENGTH &&
      !/[\0\uFFFD]/.test(this.#text) &&
      this.lines.length <= MAX_LINES;
  }

  /** Lines, those of a log cut at {@linkcode MAX_LOG_LINE} characters. */
  get lines(): readonly string[] {
    this.#lines ??= this.#text.length > MAX_LOG_LENGTH
      ? []
      : this.#text.split(/\r?\n/, MAX_LOG_LINES)
        .map((line) => line.slice(0, MAX_LOG_LINE));
    return this.#lines;
  }

  /** Commands of a script, or of the containers of a compose file or manifest. */
  get commands(): readonly StartCommand[] {
    this.#commands ??= this.isWritten ? commandsOf(this.#text) : [];
    return this.#commands;
  }
}

function commandsOf(text: string): StartCommand[] {
  if (looksLikeServingPython(text)) return commandsOfPython(text);
  const settings = looksLikeEngineSettings(text)
    ? commandsOfSettings(text)
    : [];
  if (settings.length > 0 || !SERVERS.test(text)) return settings;
  return looksLikeContainers(text)
    ? commandsOfContainers(text)
    : commandsOfScript(text);
}

function commandsOfScript(text: string): StartCommand[] {
  const { commands, doubtful, variables, left } = readScript(text);
  const exported = variables.entries();
  return [...commands, ...doubtful].map(({ words, env }) => ({
    words: handedOn(words),
    env: new Map([...exported, ...env, ...assignedIn(words)]),
    image: imageOf(words),
    gpus: gpusOf(words),
    notes: leftOut(left),
  }));
}

/** `NAME=value` before a command, and what `docker run -e` hands on. */
function assignedIn(words: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  let isLeading = true;
  for (const [at, word] of words.entries()) {
    const before = words[at - 1] ?? "";
    const isHanded = /^(?:-e|--env)$/.test(before);
    const match = /^(?:--env=)?([A-Za-z_]\w*)=([^]*)$/.exec(word);
    if (match && (isLeading || isHanded || word.startsWith("--env="))) {
      found.push([match[1] ?? "", match[2] ?? ""]);
    } else if (!/^(?:env|sudo|exec|nohup|\$)$/.test(word)) isLeading = false;
  }
  return found;
}

function isContainerRun(words: readonly string[]): boolean {
  return words.some((word, at) =>
    /(?:^|\/)(?:docker|podman|nerdctl)$/.test(word) &&
    /^(?:run|create)$/.test(words[at + 1] ?? "")
  );
}

/** The first word of a container's run that is written like an image of a server. */
function imageOf(words: readonly string[]): string | null {
  if (!isContainerRun(words)) return null;
  return words.find((word) =>
    !word.startsWith("-") && !/[=,]/.test(word) && SERVERS.test(word) &&
    /[/:]/.test(word) && !/^[./~]/.test(word)
  ) ?? null;
}

/** `--gpus 2`, `--gpus '"device=0,1"'`; null of all. */
function gpusOf(words: readonly string[]): number | null {
  if (!isContainerRun(words)) return null;
  const at = words.findIndex((word) => /^--gpus(?:=|$)/.test(word));
  if (at < 0) return null;
  const given = (words[at] ?? "").includes("=")
    ? (words[at] ?? "").slice("--gpus=".length)
    : words[at + 1] ?? "";
  const devices = /device=([\d,]+)/.exec(given)?.[1];
  const count = devices === undefined
    ? Number(given)
    : devices.split(",").filter((each) => each !== "").length;
  return Number.isSafeInteger(count) && count > 0 ? count : null;
}
