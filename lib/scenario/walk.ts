import { FIELDS } from "./field_list.ts";

/** A field of a Scenario that holds a value rather than more fields. */
export interface Leaf {
  /** Dotted path, such as "train.lora.rank". */
  path: string;
  value: unknown;
}

/** Fields whose objects are values and no sections: models. */
const WHOLE: ReadonlySet<string> = new Set(
  FIELDS.filter(({ whole }) => whole).map(({ path }) => path),
);

/**
 * Lists the fields of a Scenario, or of a section, in its own order. Lists are
 * values; an object is a section.
 */
export function leavesOf(value: object, prefix = ""): Leaf[] {
  const leaves: Leaf[] = [];
  for (const [key, inner] of Object.entries(value)) {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (isSection(inner) && !WHOLE.has(path)) {
      leaves.push(...leavesOf(inner, path));
    } else leaves.push({ path, value: inner });
  }
  return leaves;
}

/**
 * Lists the fields of a Scenario that differ from another's, in its own order
 * and with its own values.
 */
export function changesFrom(
  usual: object,
  value: object,
  prefix = "",
): Leaf[] {
  const changes: Leaf[] = [];
  const own = value as Record<string, unknown>;
  const common = usual as Record<string, unknown>;
  for (const key in own) {
    const inner = own[key];
    const before = common[key];
    if (inner === before || sameList(inner, before)) continue;
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (!isSection(inner) || WHOLE.has(path)) {
      changes.push({ path, value: inner });
    } else if (isSection(before)) {
      for (const change of changesFrom(before, inner, path)) {
        changes.push(change);
      }
    } else changes.push(...leavesOf(inner, path));
  }
  return changes;
}

/** The value of the field at a dotted path; undefined where there is none. */
export function valueAt(scenario: object, path: string): unknown {
  let value: unknown = scenario;
  for (const key of path.split(".")) {
    if (!isSection(value)) return undefined;
    value = ownValue(value, key);
  }
  return value;
}

/** Deeper than any field; a longer path is a key of its own, and unknown. */
const MAX_DEPTH = 8;

/**
 * Puts a value at a dotted path, making the sections on its way. A section in
 * the place of a value, or the reverse, replaces it: the schema then says what
 * is wrong. Only a model keeps its name beside its description, for the schema
 * to refuse both.
 */
export function putAt(
  target: Record<string, unknown>,
  path: string,
  value: unknown,
): void {
  const keys = path.split(".");
  if (keys.length > MAX_DEPTH) {
    target[path] = value;
    return;
  }
  const last = keys.pop() ?? path;
  let section = target;
  for (const key of keys) {
    const inner = ownValue(section, key);
    const next = isSection(inner) ? inner : Object.create(null);
    if (path.startsWith("model.") && typeof inner === "string") {
      next["name"] = inner;
    }
    section[key] = next;
    section = next;
  }
  const before = ownValue(section, last);
  if (path === "model" && isSection(before)) before["name"] = value;
  else section[last] = value;
}

function ownValue(section: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(section, key) ? section[key] : undefined;
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sameList(a: unknown, b: unknown): boolean {
  return Array.isArray(a) && Array.isArray(b) && a.length === b.length &&
    a.every((value, at) => value === b[at]);
}
