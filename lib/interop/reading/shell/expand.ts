import type { ParameterExpansionPart, Word, WordPart } from "unbash";
import { sumOf } from "./arithmetic.ts";
import { hasUnset, unset, unsetIn } from "./unset.ts";
import type { Variables } from "./variables.ts";
import { MAX_EXPANDED } from "./variables.ts";

/** A piece of a word: what is quoted holds together. */
interface Piece {
  /** Several where a quoted array is written out. */
  texts: readonly string[];
  quoted: boolean;
}

/** The words that a word becomes, with its variables' values. */
export function expand(word: Word, variables: Variables): string[] {
  const fields: string[] = [];
  let field: string | null = null;
  const add = (text: string): void => {
    field = `${field ?? ""}${text}`.slice(0, MAX_EXPANDED);
  };
  const end = (): void => {
    if (field !== null) fields.push(field);
    field = null;
  };
  for (const { texts, quoted } of piecesOf(word, variables)) {
    if (quoted) {
      for (const [at, text] of texts.entries()) {
        if (at > 0) end();
        add(text);
      }
      continue;
    }
    const text = texts.join(" ");
    for (const [at, each] of text.split(/\s+/).entries()) {
      if (at > 0) end();
      if (each !== "") add(each);
    }
  }
  end();
  return fields;
}

/** A word's text, which is never split. */
export function textOf(word: Word, variables: Variables): string {
  return piecesOf(word, variables).map(({ texts }) => texts.join(" ")).join("")
    .slice(0, MAX_EXPANDED);
}

function piecesOf(word: Word, variables: Variables): Piece[] {
  if (!word.parts) return [{ texts: [word.value], quoted: true }];
  return word.parts.map((part) => pieceOf(part, variables));
}

function pieceOf(part: WordPart, variables: Variables): Piece {
  switch (part.type) {
    case "DoubleQuoted":
    case "LocaleString": {
      const [only, ...more] = part.parts;
      if (more.length === 0 && only?.type === "ParameterExpansion") {
        return { texts: wordsOf(only, variables), quoted: true };
      }
      const text = part.parts.map((each) =>
        pieceOf(each, variables).texts.join(" ")
      ).join("");
      return {
        texts: isArguments(text, part.text) ? [] : [text],
        quoted: true,
      };
    }
    case "SingleQuoted":
    case "AnsiCQuoted":
      return { texts: [part.value], quoted: true };
    case "SimpleExpansion":
      return { texts: simple(part.text.slice(1), variables), quoted: false };
    case "ParameterExpansion":
      return { texts: wordsOf(part, variables), quoted: false };
    case "ArithmeticExpansion": {
      const missing = new Set<string>();
      const value = sumOf(part.expression, variables, missing);
      const names = [...missing].flatMap(unsetIn);
      return {
        texts: [
          value === null
            ? names.length > 0 ? names.map(unset).join("") : unset("")
            : String(value),
        ],
        quoted: true,
      };
    }
    case "CommandExpansion":
    case "ProcessSubstitution":
      return { texts: [unset("")], quoted: true };
    case "Literal":
      return { texts: [part.value], quoted: true };
    default:
      return { texts: [part.text], quoted: true };
  }
}

/** `"$@"` hands nothing on. */
function isArguments(text: string, written: string): boolean {
  return text === "" && /^"\$[@*]"$/.test(written);
}

function simple(name: string, variables: Variables): readonly string[] {
  if (name === "@" || name === "*") return [];
  if (name === "#") return [unset("")];
  if (name === "?") return ["0"];
  return variables.get(name) ?? [variables.unsetOf(name)];
}

/** What `${…}` becomes: several words of an array. */
function wordsOf(
  { parameter, prefix, index, operation }: ParameterExpansionPart,
  variables: Variables,
): readonly string[] {
  const words = variables.get(parameter);
  if (prefix === "#") {
    return words
      ? [String(index ? words.length : words.join(" ").length)]
      : [variables.unsetOf(parameter)];
  }
  if (prefix === "!") return [unset(parameter)];
  if (parameter === "@" || parameter === "*") return [];
  const picked = words && index && !/^[@*]$/.test(index.value)
    ? [words[Number(index.value)] ?? ""]
    : words;
  if (!operation) return picked ?? [variables.unsetOf(parameter)];
  const text = picked?.join(" ");
  switch (operation.type) {
    case "Default": {
      const { operator, operand } = operation;
      const empty = operator.startsWith(":") ? text === "" : false;
      const has = text !== undefined && !empty;
      if (operator.endsWith("+")) {
        return has ? [textOf(operand, variables)] : [];
      }
      if (has) return picked ?? [];
      if (operator.endsWith("?")) return [variables.unsetOf(parameter)];
      const value = textOf(operand, variables);
      // A default that nobody knows is asked for by the variable's own name;
      // of a file somewhere the name tells enough.
      const words = [
        hasUnset(value) && !isNamedFile(value)
          ? variables.unsetOf(parameter)
          : value,
      ];
      if (operator.endsWith("=")) variables.set(parameter, words);
      return words;
    }
    case "Remove":
      return text === undefined || hasUnset(text)
        ? [text ?? variables.unsetOf(parameter)]
        : [
          without(
            text,
            operation.operator,
            textOf(operation.operand, variables),
          ),
        ];
    case "Replace":
      return text === undefined || hasUnset(text)
        ? [text ?? variables.unsetOf(parameter)]
        : [replaced(
          text,
          operation.operator === "//",
          textOf(operation.pattern, variables),
          textOf(operation.replacement, variables),
        )];
    case "CaseModification":
      return text === undefined ? [variables.unsetOf(parameter)] : [
        operation.operator.startsWith(",")
          ? text.toLowerCase()
          : text.toUpperCase(),
      ];
    default:
      return [variables.unsetOf(parameter)];
  }
}

/** Whether only the folder of a path is not known. */
function isNamedFile(text: string): boolean {
  const at = text.lastIndexOf("/");
  return at > 0 && at < text.length - 1 && !hasUnset(text.slice(at)) &&
    !/\s/.test(text);
}

function replaced(
  text: string,
  all: boolean,
  pattern: string,
  by: string,
): string {
  if (pattern === "") return text;
  return all
    ? text.replaceAll(pattern, () => by)
    : text.replace(pattern, () => by);
}

/** A text without the part that a pattern with a star at an end, or such as `.yaml` matches. */
function without(text: string, operator: string, pattern: string): string {
  const greedy = operator.length === 2;
  const bare = pattern.replaceAll("*", "");
  if (operator.startsWith("#")) {
    if (!pattern.startsWith("*")) {
      return text.startsWith(bare) ? text.slice(bare.length) : text;
    }
    const at = greedy ? text.lastIndexOf(bare) : text.indexOf(bare);
    return at < 0 ? text : text.slice(at + bare.length);
  }
  if (!pattern.endsWith("*")) {
    return text.endsWith(bare)
      ? text.slice(0, text.length - bare.length)
      : text;
  }
  const at = greedy ? text.indexOf(bare) : text.lastIndexOf(bare);
  return at < 0 ? text : text.slice(0, at);
}
