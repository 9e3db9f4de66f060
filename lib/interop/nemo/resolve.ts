import { isObject } from "../../scenario/fields.ts";

/** How many references a value is followed through. */
const MAX_STEPS = 8;

/**
 * A file with OmegaConf's references to other settings of it filled in:
 * `${model.hidden_size}`, `${.hidden_size}`. What is computed stays as it is, and
 * `???` is what whoever runs it has to give.
 */
export function resolved(
  root: Record<string, unknown>,
): Record<string, unknown> {
  return within(root, root, root) as Record<string, unknown>;
}

function within(
  value: unknown,
  around: Record<string, unknown>,
  root: Record<string, unknown>,
): unknown {
  if (Array.isArray(value)) {
    return value.map((each) => within(each, around, root));
  }
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        within(inner, value, root),
      ]),
    );
  }
  return follow(value, around, root);
}

function follow(
  value: unknown,
  around: Record<string, unknown>,
  root: Record<string, unknown>,
): unknown {
  let found = value;
  for (let step = 0; step < MAX_STEPS; step++) {
    const path = typeof found === "string"
      ? /^\$\{(\.?[\w.]+)\}$/.exec(found)?.[1]
      : undefined;
    if (path === undefined) return found;
    const from = path.startsWith(".") ? around : root;
    found = at(from, path.replace(/^\./, ""));
    if (isObject(found) || Array.isArray(found)) return value;
  }
  return value;
}

function at(root: Record<string, unknown>, path: string): unknown {
  let value: unknown = root;
  for (const part of path.split(".")) {
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}
