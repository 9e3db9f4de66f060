/** A field of a Scenario that holds a value rather than more fields. */
export interface Leaf {
  /** Dotted path, such as "train.lora.rank". */
  path: string;
  value: unknown;
}

/**
 * Lists the fields of a Scenario, or of a section, in its own order. Lists are
 * values; an object is a section.
 */
export function leavesOf(value: object, prefix = ""): Leaf[] {
  const leaves: Leaf[] = [];
  for (const [key, inner] of Object.entries(value)) {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (isSection(inner)) leaves.push(...leavesOf(inner, path));
    else leaves.push({ path, value: inner });
  }
  return leaves;
}

/** The value at a dotted path, or undefined. */
export function valueAt(value: unknown, path: string): unknown {
  let inner = value;
  for (const key of path.split(".")) {
    if (!isSection(inner) || !Object.hasOwn(inner, key)) return undefined;
    inner = inner[key];
  }
  return inner;
}

/**
 * Puts a value at a dotted path, making the sections on its way. A section in
 * the place of a value, or the reverse, replaces it: the schema then says what
 * is wrong.
 */
export function putAt(
  target: Record<string, unknown>,
  path: string,
  value: unknown,
): void {
  const keys = path.split(".");
  const last = keys.pop() ?? path;
  let section = target;
  for (const key of keys) {
    const inner = Object.hasOwn(section, key) ? section[key] : undefined;
    const next = isSection(inner) ? inner : Object.create(null);
    section[key] = next;
    section = next;
  }
  section[last] = value;
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
