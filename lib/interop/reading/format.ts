import type { Document } from "./document.ts";
import type { Draft, FileSetting } from "./draft.ts";
import type { PythonCall } from "./python/python_value.ts";
import type { CommandReader } from "./commands/started.ts";
import type { Shipped } from "./shipped.ts";
import type { ServingSource } from "./serving/source.ts";
import { hasUnset } from "./shell/unset.ts";

/** How the settings of one or several names are read. */
export interface Rule {
  /** Dotted keys, the usual one first. */
  keys: readonly string[];
  /** The Scenario's fields that they decide. */
  fields: readonly string[];
  /** How values map, in a few words, for the documentation. */
  values?: string;
  read(setting: FileSetting, draft: Draft, all: FileSettings): void;
}

/** Settings that no field of a Scenario says. */
export interface Unexpressed {
  keys: readonly string[];
  reason: string;
  /** Whether a run's memory depends on them. */
  moves_memory: boolean;
}

/** A kind of configuration. */
export interface Format {
  id: string;
  title: string;
  kind: Document["kind"];
  /** Whether a file is of this kind; the first format that says so reads it. */
  recognises(values: Record<string, unknown>, name: string): boolean;
  /**
   * Reads a text of its own kind; null where it is none. Formats that have this are
   * asked before a text is read as settings.
   */
  parse?(source: ServingSource): Document | null;
  /** Reads a command that starts the tool. */
  command?: CommandReader;
  /** The file of a path that its command names, where the tool ships one. */
  shipped?(path: string): Shipped | null;
  /** The file that a file says it stands over, by its path. */
  inherits?(values: Record<string, unknown>): string | null;
  /** Reads a call of Python; of several of one kind the first counts. */
  calls?(call: PythonCall): {
    what: string;
    values: Record<string, unknown>;
  } | null;
  /** Whether scripts of whoever wrote them take its settings as flags. */
  byFlags?: true;
  /** Variables of a command's environment that are its settings. */
  environment?: readonly string[];
  /** Whether the tool serves models. */
  serves?: true;
  rules: readonly Rule[];
  unexpressed: readonly Unexpressed[];
  /** Dotted keys that decide no GPU memory. */
  neutral: readonly RegExp[];
  /** Adds what settings mean together, and the tool's own defaults. */
  finish?(draft: Draft, all: FileSettings, document: Document): void;
}

/** The settings of a file by dotted key. */
export class FileSettings {
  constructor(
    readonly root: Record<string, unknown>,
    /** What stands before the keys in the whole file. */
    readonly prefix = "",
    readonly spell: (key: string) => string = (key) => key,
  ) {}

  /** The same settings for whoever spells their keys otherwise. */
  spelled(spell: (key: string) => string): FileSettings {
    return new FileSettings(this.root, this.prefix, spell);
  }

  /**
   * The value at a dotted key; undefined where there is none, null, or a variable
   * that nothing sets.
   */
  get(key: string): unknown {
    const value = this.raw(key);
    return typeof value === "string" && hasUnset(value) ? undefined : value;
  }

  /** The value as it is written. */
  raw(name: string): unknown {
    const key = this.spell(name);
    let value: unknown = this.root;
    if (Object.hasOwn(this.root, key)) return this.root[key] ?? undefined;
    for (const part of key.split(".")) {
      if (
        typeof value !== "object" || value === null || Array.isArray(value) ||
        !Object.hasOwn(value, part)
      ) return undefined;
      value = (value as Record<string, unknown>)[part];
    }
    return value ?? undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }
}
