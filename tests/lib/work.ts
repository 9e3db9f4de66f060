type Cost = (self: unknown, args: unknown[], result: unknown) => number;

/** What goes over all that it is called on. */
const whole: Cost = (self) => 1 + (self as ArrayLike<unknown>).length;
/** What costs the same whatever it is called on. */
const one: Cost = () => 1;
/** What stops where it has found something. */
const found: Cost = (self, [, from], result) =>
  Number(result) < 0
    ? whole(self, [], null) - Number(from ?? 0)
    : 1 + Number(result) - Number(from ?? 0);
/** A pattern's first try alone: what it takes back is not to be seen. */
const matched: Cost = (self, [text], result) => {
  const { sticky, global, lastIndex } = self as RegExp;
  const match = result as RegExpExecArray | null;
  if (match) return 1 + match[0].length;
  return sticky ? 1 : 1 + String(text).length - (global ? lastIndex : 0);
};

const METHODS: [prototype: object, cost: Cost, names: string][] = [
  [
    Array.prototype,
    whole,
    "concat every filter find findIndex findLast flat flatMap forEach includes join map reduce shift slice some sort splice unshift",
  ],
  [Array.prototype, found, "indexOf"],
  [Array.prototype, one, "at pop push"],
  [
    String.prototype,
    whole,
    "matchAll replace replaceAll split toLowerCase toUpperCase trim trimEnd trimStart",
  ],
  [String.prototype, found, "indexOf"],
  [
    String.prototype,
    one,
    "charCodeAt codePointAt endsWith slice startsWith substring",
  ],
  [Map.prototype, one, "delete get has set"],
  [Set.prototype, one, "add delete has"],
  [RegExp.prototype, matched, "exec"],
];

/**
 * Counts the work of a function by the elements and characters that the built-in
 * methods go over, which is the same on a busy machine and an idle one. Loops
 * written out count by the methods that they call.
 *
 * @param run Does its work at once: nothing that it awaits is counted.
 */
export function workOf(run: () => unknown): number {
  let steps = 0;
  const undo: (() => void)[] = [];
  const watch = (prototype: object, name: string, cost: Cost): void => {
    const before = Object.getOwnPropertyDescriptor(prototype, name);
    const method = before?.value;
    if (typeof method !== "function") throw new TypeError(`No method ${name}`);
    Object.defineProperty(prototype, name, {
      ...before,
      value(this: unknown, ...args: unknown[]) {
        const result = Reflect.apply(method, this, args);
        steps += cost(this, args, result);
        return result;
      },
    });
    undo.push(() => Object.defineProperty(prototype, name, before ?? {}));
  };
  try {
    for (const [prototype, cost, names] of METHODS) {
      for (const name of names.split(" ")) watch(prototype, name, cost);
    }
    run();
    return steps;
  } finally {
    // Whatever else runs has the methods as they were.
    for (let at = undo.length - 1; at >= 0; at--) undo[at]?.();
  }
}
