import { describeField } from "../../lib/mod.ts";

/**
 * A value of a field other than its usual one.
 *
 * @param values Of fields whose kind does not give any that can be used.
 */
export function anotherValue(
  path: string,
  usual: unknown,
  values: Readonly<Record<string, unknown>>,
): unknown {
  if (path in values) return values[path];
  if (path.startsWith("software.")) {
    return path.endsWith("model_code") ? "torchtune" : "1.2.3";
  }
  const field = describeField(path);
  if (field.kind === "switch") return usual !== true;
  if (field.kind === "choice") {
    return field.options.find((option) => option !== String(usual));
  }
  return 2;
}
