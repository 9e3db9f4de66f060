import type { Opinion } from "../answer/opinion.ts";
import type { Question } from "../methods/method.ts";
import type { MethodName, Methods } from "../methods/mod.ts";
import { METHOD_BY_NAME } from "../methods/mod.ts";

/**
 * Asks every other method too.
 *
 * @param answered The method that has answered already.
 * @param methods Every method that there is, unless told otherwise.
 */
export function opinionsOf(
  question: Question,
  answered: MethodName,
  methods: Methods = METHOD_BY_NAME,
): Opinion[] {
  const names = Object.keys(methods) as MethodName[];
  return names.filter((name) => name !== answered).flatMap(
    (name): Opinion[] => {
      const result = methods[name]?.(question);
      if (!result) return [];
      if (result.ok) {
        const { device_peak_bytes } = result.value.memory;
        return [{ method: name, device_peak_bytes, uncovered: null }];
      }
      const uncovered = "uncovered" in result
        ? result.uncovered
        : result.problems.map(({ message }) => message).join("; ");
      return [{ method: name, device_peak_bytes: null, uncovered }];
    },
  );
}
