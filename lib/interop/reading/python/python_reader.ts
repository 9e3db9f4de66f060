import type {
  PythonArguments,
  PythonCall,
  PythonValue,
} from "./python_value.ts";
import { BINDS, isDictionary, SETS, worked } from "./python_value.ts";
import type { PythonToken } from "./tokens.ts";
import { attributeAt } from "./tokens.ts";

/** Deepest expression that is followed. */
const MAX_DEPTH = 32;
/** Most calls that are kept. */
const MAX_CALLS = 2000;

/** What is asked of the GPU, and holds for those since Ampere. */
const ASKS_FOR_BF16 = /^(?:is_bfloat16_supported|is_bf16_supported)$/;

const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  True: true,
  False: false,
  None: null,
};

const END: PythonToken = { kind: "line", text: "" };

/** Reads the pieces of a text of Python, one after the other. */
export class PythonReader {
  readonly calls: PythonCall[] = [];
  #at = 0;
  #depth = 0;

  constructor(
    private readonly tokens: readonly PythonToken[],
    private readonly names: Map<string, PythonValue>,
  ) {}

  /** Looks at every statement for what it sets and calls. */
  statements(): void {
    let begins = true;
    while (this.#at < this.tokens.length) {
      const before = this.#at;
      const { kind, text } = this.#now();
      const next = this.tokens[this.#at + 1]?.text;
      if (begins && kind === "name" && (next === "=" || next === ":")) {
        this.#assignment(text);
      } else if (kind === "name") {
        const set = begins ? attributeAt(this.tokens, this.#at) : null;
        if (set) this.#attribute(set.path, set.end);
        else this.#expression(0);
      }
      if (this.#at === before) this.#at++;
      begins = this.tokens[this.#at - 1]?.kind === "line" ||
        this.#now().kind === "line";
    }
  }

  /** `name = value` and `name: type = value`. */
  #assignment(name: string): void {
    this.#at++;
    if (this.#now().text === ":") {
      while (this.#now().kind !== "line" && this.#now().text !== "=") {
        this.#at++;
      }
    }
    if (this.#now().text !== "=") return;
    this.#at++;
    const value = this.#expression(0);
    // What is set to several at once, or used on, is not followed.
    this.names.set(name, this.#now().kind === "line" ? value : undefined);
  }

  /** `config.train.micro_batch_size = 2`. */
  #attribute(on: string, end: number): void {
    this.#at = end;
    const value = this.#expression(0);
    if (this.calls.length >= MAX_CALLS) return;
    const named: PythonCall["named"] = Object.create(null);
    this.calls.push({ name: SETS, on, named, placed: [value] });
  }

  #now(): PythonToken {
    return this.tokens[this.#at] ?? END;
  }

  /** An expression, as far as it is one: what stands behind it is left. */
  #expression(binds: number): PythonValue {
    if (this.#depth >= MAX_DEPTH) {
      this.#skip();
      return undefined;
    }
    this.#depth++;
    let value = this.#unary();
    while (true) {
      const { text } = this.#now();
      const own = Object.hasOwn(BINDS, text) ? BINDS[text] ?? 0 : 0;
      if (own <= binds) break;
      this.#at++;
      const other = this.#expression(text === "**" ? own - 1 : own);
      value = worked(text, value, other);
    }
    if (binds === 0 && this.#now().text === "if") {
      this.#at++;
      const test = this.#expression(0);
      if (this.#now().text === "else") {
        this.#at++;
        const otherwise = this.#expression(0);
        value = test === undefined ? undefined : test ? value : otherwise;
      }
    }
    this.#depth--;
    return value;
  }

  #unary(): PythonValue {
    const { text } = this.#now();
    if (text === "-" || text === "+" || text === "not" || text === "await") {
      this.#at++;
      const value = this.#expression(text === "not" ? 1 : 5);
      if (text === "not") return value === undefined ? undefined : !value;
      return typeof value === "number" && text !== "await"
        ? text === "-" ? -value : value
        : undefined;
    }
    return this.#atom();
  }

  #atom(): PythonValue {
    const { kind, text } = this.#now();
    if (kind === "number") {
      this.#at++;
      const number = Number(text.replaceAll("_", ""));
      return Number.isFinite(number) ? number : undefined;
    }
    if (kind === "string") {
      let whole = "";
      while (this.#now().kind === "string") {
        whole += this.#now().text;
        this.#at++;
      }
      return this.#behind(whole);
    }
    if (kind === "name") return this.#name();
    if (text === "(" || text === "[") return this.#behind(this.#list());
    if (text === "{") return this.#behind(this.#dictionary());
    if (text !== "" && !/^[)\]},:=\n]$/.test(text)) this.#at++;
    return undefined;
  }

  /** A name with its dots, and the call that it may be. */
  #name(): PythonValue {
    const { text: first } = this.#now();
    this.#at++;
    if (Object.hasOwn(CONSTANTS, first)) return CONSTANTS[first];
    if (first === "lambda") {
      this.#skip();
      return undefined;
    }
    let whole = first;
    while (
      this.#now().text === "." && this.tokens[this.#at + 1]?.kind === "name"
    ) {
      whole += `.${this.tokens[this.#at + 1]?.text}`;
      this.#at += 2;
    }
    if (this.#now().text === "(") return this.#behind(this.#call(whole));
    if (this.#now().text === "[") return this.#behind(undefined);
    if (/^torch\.\w+$/.test(whole)) return whole;
    return whole === first ? this.names.get(first) : undefined;
  }

  #call(whole: string): PythonValue {
    const given = this.#arguments();
    const at = whole.lastIndexOf(".");
    const name = whole.slice(at + 1);
    if (this.calls.length < MAX_CALLS) {
      this.calls.push({ name, on: whole.slice(0, Math.max(0, at)), ...given });
    }
    if (ASKS_FOR_BF16.test(name)) return true;
    return whole === "dict" ? given.named : undefined;
  }

  #arguments(): PythonArguments {
    const given: PythonArguments = { named: Object.create(null), placed: [] };
    this.#within(")", () => {
      const { kind, text } = this.#now();
      if (text === "*" || text === "**") {
        this.#at++;
        const value = this.#expression(0);
        if (text === "**" && isDictionary(value)) {
          Object.assign(given.named, value);
        }
      } else if (kind === "name" && this.tokens[this.#at + 1]?.text === "=") {
        this.#at += 2;
        given.named[text] = this.#expression(0);
      } else given.placed.push(this.#expression(0));
    });
    return given;
  }

  /** A list, a tuple, or what stands in brackets. */
  #list(): PythonValue {
    const isList = this.#now().text === "[";
    const values: PythonValue[] = [];
    const { commas, whole } = this.#within(isList ? "]" : ")", () => {
      values.push(this.#expression(0));
    });
    if (!whole) return undefined;
    return isList || commas > 0 || values.length === 0 ? values : values[0];
  }

  #dictionary(): PythonValue {
    const found: Record<string, PythonValue> = Object.create(null);
    const { whole } = this.#within("}", () => {
      if (this.#now().text === "**") {
        this.#at++;
        const value = this.#expression(0);
        if (isDictionary(value)) Object.assign(found, value);
        return;
      }
      const key = this.#expression(0);
      if (this.#now().text !== ":") return;
      this.#at++;
      const value = this.#expression(0);
      if (typeof key === "string") found[key] = value;
    });
    return whole ? found : undefined;
  }

  /**
   * Reads what stands between commas up to a closing bracket.
   *
   * @returns How many commas there are, and whether nothing else stood there.
   */
  #within(close: string, read: () => void): { commas: number; whole: boolean } {
    this.#at++;
    let commas = 0;
    let whole = true;
    while (this.#at < this.tokens.length && this.#now().text !== close) {
      if (this.#now().kind === "line") {
        this.#at++;
        continue;
      }
      if (this.#now().text === ",") {
        commas++;
        this.#at++;
        continue;
      }
      const before = this.#at;
      read();
      while (this.#now().kind === "line" && this.#at < this.tokens.length) {
        this.#at++;
      }
      const { text } = this.#now();
      // A comprehension, or something that is not followed.
      if (text !== "," && text !== close) {
        whole = false;
        this.#skip();
      }
      if (this.#at === before) this.#at++;
    }
    this.#at++;
    return { commas, whole };
  }

  /** What hangs on a value makes another of it. */
  #behind(value: PythonValue): PythonValue {
    let found = value;
    while (true) {
      const { text } = this.#now();
      if (text === "." && this.tokens[this.#at + 1]?.kind === "name") {
        this.#at += 2;
      } else if (text === "(") this.#arguments();
      else if (text === "[") this.#within("]", () => void this.#expression(0));
      else return found;
      found = undefined;
    }
  }

  /** Passes by what is left before a comma or a closing bracket. */
  #skip(): void {
    let open = 0;
    for (; this.#at < this.tokens.length; this.#at++) {
      const { kind, text } = this.#now();
      if (kind === "string") continue;
      if (/^[([{]$/.test(text)) open++;
      else if (/^[)\]}]$/.test(text)) {
        if (open === 0) return;
        open--;
      } else if (open === 0 && text === ",") return;
    }
  }
}
