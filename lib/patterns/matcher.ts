import type { Automaton, State } from "./automaton.ts";
import { holdsCharacter, isWord } from "./character_set.ts";
import { MAX_STEPS } from "./limits.ts";

/** More steps than a pattern may take. */
export class TooManySteps extends Error {
  /** @param limit How many it may take. */
  constructor(readonly limit: number) {
    super(
      `must be matched within ${limit} steps over all names of the model; repeat less, or name layers more plainly`,
    );
  }
}

/** What stands to the right of a place. */
type Right = "end" | "word" | "other";

/** A place of a name as the automaton sees it: equal places go on alike. */
export interface MatchPlace {
  readonly id: number;
  /** States that were reached by reading the character to the right. */
  readonly reached: Uint16Array;
  readonly right: Right;
  /** Places to the left by ASCII character; null where nothing can match. */
  readonly ascii: (MatchPlace | null | undefined)[];
  readonly others: Map<number, MatchPlace | null>;
  /** Whether a name that begins here matches; null until it was asked. */
  matches: boolean | null;
}

const ASCII = 128;

/**
 * Matches whole names by an automaton. Places that were seen before are not
 * worked out anew, so that alike names cost a step a character.
 *
 * @param limit Steps that all names together may take.
 */
export class Matcher {
  /** Steps taken so far. */
  steps = 0;
  readonly #automaton: Automaton;
  readonly #limit: number;
  readonly #places = new Map<string, MatchPlace>();
  readonly #end: MatchPlace;
  /** When a state was last visited, and last added. */
  readonly #visited: Int32Array;
  readonly #added: Int32Array;
  #round = 0;

  constructor(automaton: Automaton, limit: number = MAX_STEPS) {
    this.#automaton = automaton;
    this.#limit = limit;
    this.#visited = new Int32Array(automaton.states.length);
    this.#added = new Int32Array(automaton.states.length);
    this.#end = this.#placeOf(Uint16Array.of(automaton.main.begin), "end");
  }

  /**
   * Whether a whole name matches.
   *
   * @throws {TooManySteps} When all names together took more than allowed.
   */
  matches(name: string): boolean {
    const place = this.before(name);
    return place !== null && this.matchesFrom(place);
  }

  /**
   * The place before a text that a name ends with; null where no such name
   * matches.
   *
   * @param from The place after the text; the name's end when left out.
   */
  before(text: string, from: MatchPlace | null = this.#end): MatchPlace | null {
    let place = from;
    for (let at = text.length - 1; at >= 0 && place !== null; at--) {
      let code = text.charCodeAt(at);
      if (code >= 0xdc00 && code < 0xe000 && at > 0) {
        const whole = text.codePointAt(at - 1) ?? code;
        if (whole > 0xffff) {
          code = whole;
          at--;
        }
      }
      place = this.#left(place, code);
    }
    return place;
  }

  /** Whether a name that begins at a place matches. */
  matchesFrom(place: MatchPlace): boolean {
    this.#count(1);
    if (place.matches === null) {
      this.#close(place, null);
      place.matches = this.#visited[this.#automaton.main.done] === this.#round;
    }
    return place.matches;
  }

  #left(place: MatchPlace, code: number): MatchPlace | null {
    this.#count(1);
    const known = code < ASCII ? place.ascii[code] : place.others.get(code);
    if (known !== undefined) return known;
    const next = this.#read(place, code);
    if (code < ASCII) place.ascii[code] = next;
    else place.others.set(code, next);
    return next;
  }

  /** The place to the left of a character. */
  #read(place: MatchPlace, code: number): MatchPlace | null {
    const { states, owners, looks } = this.#automaton;
    const open = this.#close(place, code);
    const reached: number[] = [];
    let isAlive = false;
    for (const at of open) {
      const state = states[at];
      if (state?.kind !== "set" || this.#added[state.next] === this.#round) {
        continue;
      }
      if (!holdsCharacter(state.set, code)) continue;
      this.#added[state.next] = this.#round;
      reached.push(state.next);
      if (owners[state.next] === looks.length) isAlive = true;
    }
    if (!isAlive) return null;
    // One order for each set of states, so that a place is known again.
    this.#count(reached.length);
    return this.#placeOf(
      Uint16Array.from(reached).sort(),
      isWord(code) ? "word" : "other",
    );
  }

  /**
   * Visits every state that a place stands for.
   *
   * @param left The character to its left; null for none.
   * @returns Those that read a character.
   */
  #close(place: MatchPlace, left: number | null): number[] {
    const { main, looks, states, owners } = this.#automaton;
    this.#round++;
    const reading: number[] = [];
    const holds: boolean[] = [];
    const visit = (owner: number, begin: number | null): void => {
      const open: number[] = begin === null ? [] : [begin];
      for (const at of place.reached) if (owners[at] === owner) open.push(at);
      for (let at = open.pop(); at !== undefined; at = open.pop()) {
        if (this.#visited[at] === this.#round) continue;
        this.#visited[at] = this.#round;
        this.#count(1);
        const state = states[at];
        if (state === undefined) continue;
        if (state.kind === "set") reading.push(at);
        else if (state.kind === "fork") open.push(...state.next);
        else if (isPassed(state, holds, place.right, left)) {
          open.push(state.next);
        }
      }
    };
    for (const [owner, { begin, done }] of looks.entries()) {
      this.#count(place.reached.length);
      visit(owner, begin);
      holds.push(this.#visited[done] === this.#round);
    }
    visit(owners[main.done] ?? 0, null);
    return reading;
  }

  #placeOf(reached: Uint16Array, right: Right): MatchPlace {
    const key = `${right} ${String.fromCharCode(...reached)}`;
    const known = this.#places.get(key);
    if (known) return known;
    const place: MatchPlace = {
      id: this.#places.size,
      reached,
      right,
      ascii: [],
      others: new Map(),
      matches: null,
    };
    this.#places.set(key, place);
    return place;
  }

  #count(steps: number): void {
    this.steps += steps;
    if (this.steps > this.#limit) throw new TooManySteps(this.#limit);
  }
}

/** Whether a condition between two characters holds. */
function isPassed(
  state: State,
  holds: readonly boolean[],
  right: Right,
  left: number | null,
): state is State & { next: number } {
  if (state.kind === "look") return holds[state.look] !== state.negated;
  if (state.kind !== "edge") return false;
  switch (state.edge) {
    case "start":
      return left === null;
    case "end":
      return right === "end";
    case "word edge":
    case "no word edge": {
      const isEdge = (left !== null && isWord(left)) !== (right === "word");
      return isEdge === (state.edge === "word edge");
    }
  }
}
