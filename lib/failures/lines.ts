/** Most characters of a text that are read. */
const MAX_READ = 1024 * 1024;
/** Of a longer one, those of its beginning: the command and the settings. */
const MAX_BEGINNING = 256 * 1024;
/** Most characters of a snapshot of the allocator, which is JSON. */
export const MAX_SNAPSHOT_LENGTH = 8 * 1024 * 1024;
/** Lines that are looked at: first ones, and the last, where errors stand. */
const MAX_FIRST_LINES = 4000;
const MAX_LAST_LINES = 16_000;
/** Most characters of a line that are looked at. */
const MAX_LINE = 64 * 1024;
/** Writers that are told apart; a machine has few ranks. */
const MAX_WRITERS = 64;

/**
 * A text as far as it is read: of a long log the beginning, which tells the settings,
 * and the end, which has the error.
 */
export function readPart(text: string): string {
  return text.length <= MAX_READ
    ? text
    : `${text.slice(0, MAX_BEGINNING)}\n${
      text.slice(MAX_BEGINNING - MAX_READ)
    }`;
}

/** What one rank, worker or container wrote, as a text of its own. */
export interface WrittenText {
  readonly who: string;
  readonly text: string;
}

// deno-lint-ignore no-control-regex
const COLOURS = /\u001b\[[\d;?]{0,20}[A-Za-z]/g;

/**
 * What stands before a line and says who wrote it: torchrun's `[rank0]:` and its
 * `[default0]:` of a redirected worker, vLLM's
 * `(EngineCore_DP0 pid=270) ERROR 11-19 12:16:36 [core.py:842]`, a container's
 * `ollama  | `, the journal's `Apr 17 01:25:09 host ollama[56169]: `.
 */
const WRITERS: readonly RegExp[] = [
  /^\[(rank ?\d{1,5})\]:? ?/i,
  /^\[(default\d{1,3})\]: ?(?!\[rank)/,
  /^(\w[\w.-]{0,40}) {1,20}\| ?/,
  /^\w{3} [ \d]\d \d\d:\d\d:\d\d (?:[\w.-]{1,64} )?([\w.@-]{1,64}(?:\[\d{1,10}\])?): /,
  /^\(([\w ]{1,40}? ?(?:rank=\d{1,4} )?pid=\d{1,10}(?:, ip=[\d.]{1,20})?)\) ?/,
  /^\(([A-Za-z]\w{0,40}(?:_[A-Z]{2}\d{1,4}){1,4})\) ?/,
  /^(\d{1,4}): (?=\S)/,
  /^([\w.-]{1,60}\d): (?=\[|Traceback| {2}File|torch\.|RuntimeError)/,
];
/** Times and levels, which say nothing of memory. */
const STAMPS: readonly RegExp[] = [
  // torchrun names the worker before the rank names itself.
  /^\[default\d{1,3}\]: ?(?=\[rank)/,
  /^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]{0,12}(?:Z|[+-]\d\d:?\d\d)?(?: ((?:DP|TP|PP)\d{1,4}(?: (?:DP|TP|PP|EP)\d{1,4}){0,3}))?\]? ?/,
  /^(?:INFO|WARNING|ERROR|DEBUG|CRITICAL) {1,3}\d\d-\d\d \d\d:\d\d:\d\d {1,2}\[[^\]]{1,80}\] ?/,
  /^(?:INFO|WARNING|ERROR|DEBUG) {1,3}\[[^\]]{1,80}\] ?/,
];

const ESCAPED = /\(most recent call last\):\\n|out of memory\\n/;

/** A line without what stands before it, and who wrote it; null where nothing says it. */
function ownLine(line: string): { who: string | null; text: string } {
  let text = line;
  let who: string | null = null;
  for (let round = 0; round < 3; round++) {
    const before = text;
    for (const pattern of WRITERS) {
      const match = pattern.exec(text);
      if (!match) continue;
      who ??= match[1]?.trim() ?? null;
      text = text.slice(match[0].length);
      break;
    }
    for (const pattern of STAMPS) {
      const match = pattern.exec(text);
      if (!match) continue;
      who ??= match[1] ?? null;
      text = text.slice(match[0].length);
    }
    if (text === before) break;
  }
  return { who, text };
}

/**
 * Parts a text by who wrote it: ranks write at the same time. A line that does not
 * say who wrote it goes on with the one before.
 */
export function writtenTexts(text: string): WrittenText[] {
  const plain = text.replaceAll(COLOURS, "");
  // Logs in JSON have a whole stack on a line.
  const lines = (ESCAPED.test(plain) ? plain.replaceAll("\\n", "\n") : plain)
    .split(/\r\n|\n|\r/);
  const written = new Map<string, string[]>();
  let last = "";
  const kept = lines.length <= MAX_FIRST_LINES + MAX_LAST_LINES
    ? lines
    : [...lines.slice(0, MAX_FIRST_LINES), ...lines.slice(-MAX_LAST_LINES)];
  for (const line of kept) {
    const own = ownLine(line.slice(0, MAX_LINE));
    const isKnown = own.who === null || written.has(own.who) ||
      written.size < MAX_WRITERS;
    if (own.who !== null && isKnown) last = own.who;
    const before = written.get(last);
    if (before) before.push(own.text);
    else written.set(last, [own.text]);
  }
  return [...written].map(([who, own]) => ({ who, text: own.join("\n") }));
}

/** A text with its white space, boxes and breaks as single spaces. */
export function onOneLine(text: string): string {
  return text.replaceAll(/[\s│❱╭╮╰╯─]+/g, " ");
}
