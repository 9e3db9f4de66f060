import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { fromQuery } from "../lib/mod.ts";
import { readSlots } from "../templates/form/comparison.ts";
import { readText, userPath } from "./files.ts";
import { isModel } from "./implied.ts";
import { UsageError } from "./usage_error.ts";

/** A scenario as it was read, and where it came from. */
export interface Compared {
  name: string;
  /** What a message calls it. */
  place: string;
  input: unknown;
}

/** A page's address, or its query alone. */
const LINK = /^https?:\/\/|^\/?(compare)?\?/;

/**
 * Reads what is to be compared: files of scenarios, models by their names, links
 * of the page; "-" is a scenario a line of the standard input.
 *
 * @throws {UsageError} When one cannot be read.
 */
export async function readCompared(
  words: readonly string[],
): Promise<Compared[]> {
  if (words.filter((word) => word === "-").length > 1) {
    throw new UsageError("The standard input, -, can be read once only");
  }
  const read: Compared[] = [];
  for (const word of words) {
    if (word === "-") read.push(...linesOf(await readText(word)));
    else if (LINK.test(word)) read.push(...ofLink(word));
    else read.push(await ofWord(word));
  }
  return read;
}

function linesOf(text: string): Compared[] {
  return text.split("\n").flatMap((line, at) => {
    if (line.trim() === "") return [];
    const place = `line ${at + 1}`;
    return [{ name: place, place, input: parsed(line, place) }];
  });
}

/** The scenario of a link; of a link to a comparison all of it. */
function ofLink(link: string): Compared[] {
  const query = new URLSearchParams(
    link.slice(link.indexOf("?") + 1).replace(/#.*$/, ""),
  );
  const slots = link.includes("?") ? readSlots(query) : [];
  if (slots.length === 0) {
    throw new UsageError(
      `A link must be one of a scenario: current value has no settings: ${
        link.slice(0, 80)
      }`,
    );
  }
  return slots.map(({ query: own, name }) => {
    const input = fromQuery(new URLSearchParams(own));
    return {
      name: name || String(input["model"] ?? "link"),
      place: link,
      input,
    };
  });
}

/** A file where there is one, else a model. */
async function ofWord(word: string): Promise<Compared> {
  const isCheckpoint = /\.(gguf|safetensors)$/i.test(word);
  const isFile = !isCheckpoint &&
    await stat(userPath(word)).then((found) => found.isFile(), () => false);
  if (!isFile && (isCheckpoint || (isModel(word) && !word.endsWith(".json")))) {
    return { name: word, place: word, input: { model: word } };
  }
  return {
    name: basename(word).replace(/\.json$/, ""),
    place: word,
    input: parsed(await readText(word), word),
  };
}

function parsed(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${place} must be a scenario in JSON: ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
}
