/** Methods of lists that go through all of one, or through much of it. */
const THROUGH = [
  "concat",
  "every",
  "filter",
  "find",
  "findIndex",
  "flatMap",
  "forEach",
  "includes",
  "indexOf",
  "join",
  "map",
  "reduce",
  "slice",
  "some",
  "toSorted",
  "with",
] as const;

/**
 * Counts what a piece of code does, in entries of lists that it goes through:
 * the same number on every machine, however busy.
 */
export function countWork(run: () => void): number {
  const array = Array.prototype as unknown as Record<
    string,
    (this: unknown[], ...rest: unknown[]) => unknown
  >;
  const iterator = Object.getPrototypeOf([][Symbol.iterator]()) as {
    next: (this: unknown) => unknown;
  };
  const { next } = iterator;
  const own = new Map(THROUGH.map((name) => [name, array[name]]));
  let work = 0;
  iterator.next = function () {
    work++;
    return next.call(this);
  };
  for (const [name, method] of own) {
    array[name] = function (...rest) {
      work += this.length;
      return method?.apply(this, rest);
    };
  }
  try {
    run();
  } finally {
    iterator.next = next;
    for (const [name, method] of own) if (method) array[name] = method;
  }
  return work;
}

/**
 * How much more work twice as much is; 2 for what grows evenly.
 *
 * @param run Does the work for a size.
 * @param size The smaller of the two.
 */
export function growth(run: (size: number) => void, size: number): number {
  run(size);
  return countWork(() => run(2 * size)) / countWork(() => run(size));
}
