import { isObject } from "../../../scenario/fields.ts";
import type { Document } from "../document.ts";
import type { Draft } from "../draft.ts";
import { withDollars } from "../shell/unset.ts";
import type { Shipped } from "../shipped.ts";
import type { FormatDocument } from "./read_commands.ts";

/** Settings, whose they are, and the name of the file that they stood in. */
export interface NamedDocument extends FormatDocument {
  name?: string;
  /** What stands for the file, which was not given. */
  shipped?: Shipped;
}

/**
 * Puts what a command says over the file that it names, where that file was
 * given: a tool's own defaults then see both.
 */
export function overFiles(
  documents: readonly NamedDocument[],
): NamedDocument[] {
  const taken = new Set<NamedDocument>();
  const put = documents.map((each): NamedDocument => {
    const { file } = each.document;
    if (file === undefined) return each;
    const base = baseOf(file);
    const same = documents.filter((other) =>
      other.format === each.format && other.document.file === undefined &&
      !taken.has(other)
    );
    const found = same.find(({ name }) =>
      name !== undefined && baseOf(name) === base
    ) ?? same[0];
    if (!found) return overShipped(each);
    taken.add(found);
    return { ...each, document: overlaid(found.document, each.document) };
  });
  return put.filter((_, at) => {
    const before = documents[at];
    return !before || !taken.has(before);
  });
}

/** Puts what a command says over the file that its tool ships by that name. */
function overShipped(each: NamedDocument): NamedDocument {
  const { document, format } = each;
  const shipped = format.shipped?.(document.file ?? "");
  return shipped
    ? { ...each, shipped, document: overlaid(shipped.document, document) }
    : each;
}

/** Says that a file is taken as its tool ships it. */
export function tellShipped({ shipped }: NamedDocument, draft: Draft) {
  if (!shipped) return;
  const { name, by } = shipped;
  const path = draft.valueAt("model") === undefined ? "engine.name" : "model";
  draft.remark(
    path,
    String(draft.valueAt(path) ?? ""),
    `${name} is taken as ${by} ships it: give the file where yours differs`,
  );
}

/** Asks for the file that a command names, where it was not given. */
export function wantFile(
  { document, format }: FormatDocument,
  draft: Draft,
): void {
  if (document.file === undefined) return;
  const name = withDollars(document.file).slice(0, 200);
  draft.want({
    kind: "file",
    name,
    paths: [],
    key: "config",
    reason:
      `the settings of ${format.title} stand in ${name}, which is not given: give that file too`,
  });
}

function overlaid(under: Document, over: Document): Document {
  const values: Record<string, unknown> = structuredClone(under.values);
  for (const [key, value] of Object.entries(over.values)) {
    put(values, key, value);
  }
  const { file: _, ...rest } = over;
  return {
    ...rest,
    values,
    comments: under.comments,
    notes: [...under.notes, ...over.notes],
  };
}

/** Sets a dotted key where sections have it, or as it is. */
function put(
  values: Record<string, unknown>,
  key: string,
  value: unknown,
): void {
  let section = values;
  const parts = key.split(".");
  for (const part of parts.slice(0, -1)) {
    const inner = Object.hasOwn(section, part) ? section[part] : undefined;
    if (!isObject(inner)) {
      Object.defineProperty(values, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return;
    }
    section = inner;
  }
  Object.defineProperty(section, parts.at(-1) ?? key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
