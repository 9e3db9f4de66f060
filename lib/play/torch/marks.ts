import type { Tape } from "../memory/tape.ts";

/** Where a module within a block begins, whose parameters are a unit of their own. */
export interface ModulePort {
  readonly name: string;
  /** How many events of the tape come before its forward pass. */
  readonly at: number;
  /** How many come before its input's gradient is there; null where it has none. */
  readonly backwardAt: number | null;
}

/** The modules that a machine's program marks. */
export class Marks {
  readonly #tape: Tape;
  readonly #begun = new Map<string, number>();
  readonly #ended = new Map<string, number>();

  constructor(tape: Tape) {
    this.#tape = tape;
  }

  /** A module begins: the first time counts, as it may run again. */
  begin(name: string): void {
    if (!this.#begun.has(name)) this.#begun.set(name, this.#tape.events.length);
  }

  /** The gradient of its input is there. */
  end(name: string): void {
    this.#ended.set(name, this.#tape.events.length);
  }

  all(): ModulePort[] {
    return [...this.#begun].map(([name, at]) => ({
      name,
      at,
      backwardAt: this.#ended.get(name) ?? null,
    }));
  }
}
