import type { CharacterSet, Edge, Syntax } from "./syntax.ts";

/** A state, and what leads on from it. */
export type State =
  | { readonly kind: "set"; readonly set: CharacterSet; readonly next: number }
  | { readonly kind: "fork"; readonly next: readonly number[] }
  | { readonly kind: "edge"; readonly edge: Edge; readonly next: number }
  | {
    readonly kind: "look";
    readonly look: number;
    readonly negated: boolean;
    readonly next: number;
  }
  | { readonly kind: "done" };

/** Where a pattern, or a lookahead in it, begins and is done. */
export interface Course {
  readonly begin: number;
  readonly done: number;
}

/**
 * A pattern as states that read a name from its end to its beginning: whether a
 * lookahead holds at a place is then known when the place is reached.
 */
export interface Automaton {
  readonly states: readonly State[];
  readonly main: Course;
  /** Lookaheads, each after those inside it. */
  readonly looks: readonly Course[];
  /** Which lookahead a state belongs to; the number of lookaheads for none. */
  readonly owners: readonly number[];
}

/** An upper limit of the states that a pattern has. */
export function countStates(syntax: Syntax): number {
  switch (syntax.kind) {
    case "set":
    case "edge":
      return 1;
    case "look":
      return 2 + countStates(syntax.item);
    case "sequence":
    case "choice":
      return syntax.items.reduce((sum, item) => sum + countStates(item), 1);
    case "repeat": {
      const times = syntax.max ?? syntax.min + 1;
      return 1 + times * (1 + countStates(syntax.item));
    }
  }
}

/** Builds the states of a pattern. */
export function automatonOf(syntax: Syntax): Automaton {
  const states: State[] = [];
  const owners: number[] = [];
  const looks: Course[] = [];
  const MAIN = -1;
  const add = (state: State, owner: number): number => {
    owners.push(owner);
    return states.push(state) - 1;
  };
  let owner = MAIN;
  const course = (inner: Syntax): Course => {
    const done = add({ kind: "done" }, owner);
    return { begin: build(inner, done), done };
  };
  const build = (part: Syntax, next: number): number => {
    switch (part.kind) {
      case "set":
        return add({ kind: "set", set: part.set, next }, owner);
      case "edge":
        return add({ kind: "edge", edge: part.edge, next }, owner);
      case "sequence":
        return part.items.reduce((after, item) => build(item, after), next);
      case "choice": {
        const ways = part.items.map((item) => build(item, next));
        return add({ kind: "fork", next: ways }, owner);
      }
      case "repeat":
        return repeated(part, next);
      case "look": {
        const outer = owner;
        // Its number is not known before those inside it have theirs.
        owner = OPEN - states.length;
        const mark = owner;
        const found = course(part.item);
        owner = outer;
        const look = looks.push(found) - 1;
        for (let at = found.done; at < owners.length; at++) {
          if (owners[at] === mark) owners[at] = look;
        }
        return add(
          { kind: "look", look, negated: part.negated, next },
          owner,
        );
      }
    }
  };
  const repeated = (
    { item, min, max }: Syntax & { kind: "repeat" },
    next: number,
  ): number => {
    let after = next;
    if (max === null) {
      const ways: number[] = [next];
      after = add({ kind: "fork", next: ways }, owner);
      ways.push(build(item, after));
    } else {
      for (let optional = min; optional < max; optional++) {
        after = add({ kind: "fork", next: [build(item, after), next] }, owner);
      }
    }
    for (let times = 0; times < min; times++) after = build(item, after);
    return after;
  };
  const main = course(syntax);
  return {
    states,
    main,
    looks,
    owners: owners.map((each) => each === MAIN ? looks.length : each),
  };
}

/** Below every number of a lookahead, to mark one that has none yet. */
const OPEN = -2;
