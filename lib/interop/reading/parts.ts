import type { Configuration } from "./imported.ts";
import { codeOf, looksLikePython } from "./python/looks_like_python.ts";
import { MAX_LOG_LENGTH } from "./serving/source.ts";
import { looksLikeShell } from "./shell/looks_like_shell.ts";

/** Most parts of a text. */
const MAX_PARTS = 8;

/** A text of some lines and what its comment calls it. */
interface Block {
  lines: string[];
  name?: string;
}

/**
 * The files that stand in one text: fenced ones of a page of documentation,
 * documents of YAML, and files that were pasted below a command.
 */
export function partsOf(given: Configuration): Configuration[] {
  const { name } = given;
  const text = given.text.length > MAX_LOG_LENGTH
    ? given.text
    : codeOf(given.text);
  const fenced = fencesIn(text);
  const parts = (fenced.length > 0 ? fenced : [{ text }]).flatMap((part) =>
    "name" in part && part.name !== undefined ? [part] : splitPart(part.text)
  );
  const [only, ...more] = parts;
  if (!only || more.length === 0 || parts.length > MAX_PARTS) {
    return [
      name === undefined
        ? {
          text: only && fenced.length > 0 && more.length === 0
            ? only.text
            : text,
        }
        : { text, name },
    ];
  }
  return parts.map((part) =>
    part.name === undefined && name !== undefined ? { ...part, name } : part
  );
}

function splitPart(text: string): Configuration[] {
  if (looksLikePython(text)) return [{ text }];
  if (looksLikeShell(text)) {
    const pieces = text.split(/^---[^\S\n]*$/m)
      .filter((each) => /^[^\s#]/m.test(each));
    return pieces.length > 1 && pieces.length <= MAX_PARTS
      ? pieces.toSorted((a, b) =>
        Number(looksLikeShell(a)) - Number(looksLikeShell(b))
      ).flatMap(splitPart)
      : pastedBelow(text);
  }
  // Serving manifests keep their documents together.
  if (/^["']?(?:apiVersion|services|image)["']?\s*:/m.test(text)) {
    return [{ text }];
  }
  const documents = text.split(/^---[^\S\n]*$/m)
    .filter((each) => /^[^\s#]/m.test(each));
  const areSettings = documents.every((each) =>
    /^(?:[\w."'-]+[^\S\n]*:|\{)/m.test(each)
  );
  return documents.length > 1 && documents.length <= MAX_PARTS && areSettings
    ? documents.map((each) => ({ text: each }))
    : [{ text }];
}

/** What stands between lines of three back-ticks, where they do. */
function fencesIn(text: string): Configuration[] {
  if (!/^```/m.test(text)) return [];
  const found: Configuration[] = [];
  let open: string[] | null = null;
  for (const line of text.split("\n")) {
    if (/^\s*```/.test(line)) {
      if (open && open.join("").trim() !== "") {
        found.push({ text: open.join("\n") });
      }
      open = open ? null : [];
    } else open?.push(line);
  }
  return found;
}

/** A command, and the files of YAML or JSON that were pasted with it. */
function pastedBelow(text: string): Configuration[] {
  const command: string[] = [];
  const files: Block[] = [];
  let open: Block | null = null;
  for (const block of blocksOf(text)) {
    const isFile = looksLikeFile(block.lines);
    if (isFile && open && block.name === undefined && command.length === 0) {
      open.lines.push("", ...block.lines);
    } else if (isFile) {
      open = block;
      files.push(block);
    } else {
      open = null;
      command.push(...block.lines, "");
    }
  }
  if (files.length === 0 || files.length >= MAX_PARTS || command.length === 0) {
    return [{ text }];
  }
  return [
    ...files.map(({ lines, name }) => ({
      text: lines.join("\n"),
      ...(name === undefined ? {} : { name }),
    })),
    { text: command.join("\n") },
  ];
}

/** Paragraphs, with the name of a file that a comment above one gives. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  let depth = 0;
  for (const line of text.split("\n")) {
    const named = /^(?:#+|\/\/)?[`"']?([\w./-]+\.(?:ya?ml|json|toml))[`"']?:?$/
      .exec(line.replaceAll(/\s/g, ""))?.[1];
    if (named !== undefined && depth === 0) {
      open = { lines: [], name: named.slice(named.lastIndexOf("/") + 1) };
      blocks.push(open);
    } else if (line.trim() === "" && depth === 0) {
      if (open && open.lines.length > 0) open = null;
    } else {
      if (!open) blocks.push(open = { lines: [] });
      open.lines.push(line);
      if (/^\s*[{[\]}"]/.test(line) || depth > 0) {
        depth += (line.match(/[{[]/g)?.length ?? 0) -
          (line.match(/[}\]]/g)?.length ?? 0);
        depth = Math.max(0, depth);
      }
    }
  }
  return blocks;
}

/** Whether a paragraph is settings of YAML or JSON, and no command. */
function looksLikeFile(lines: readonly string[]): boolean {
  const said = lines.filter((line) => !/^\s*(?:#|$)/.test(line));
  if (/^\s*\{/.test(said[0] ?? "")) return /\}\s*$/.test(said.at(-1) ?? "");
  const isToml = said.some((line) => /^\[[\w.]+\]$/.test(line.trim())) &&
    said.every((line) => /^(?:\[[\w.]+\]|[\w.-]+ = .*)$/.test(line.trim()));
  if (isToml) return true;
  return said.length >= 2 &&
    said.every((line) =>
      /^\s*(?:-\s+\S|[\w."'-]+\s*:(?:\s|$))/.test(line) &&
      !/\s\\$/.test(line)
    );
}
