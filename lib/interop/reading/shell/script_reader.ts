import type {
  AndOr,
  Assignment,
  Case,
  Command,
  CommandNode,
  CompoundList,
  If,
  PipelineNode,
  Statement,
} from "unbash";
import { parse } from "unbash";
import { assignmentsOf, innerText, wordsOf } from "./command_words.ts";
import type { Verdict } from "./conditions.ts";
import { matches } from "./conditions.ts";
import { expand, textOf } from "./expand.ts";
import type { ShellCommand, WrittenFile } from "./shell_command.ts";
import { hasUnset, unsetIn } from "./unset.ts";
import type { Variables } from "./variables.ts";
import { verdictOf } from "./verdicts.ts";
import { writtenBy } from "./written_files.ts";

/** Most statements that are followed, functions written out. */
const MAX_STATEMENTS = 5000;
/** Most words of all commands. */
const MAX_WORDS = 50_000;
/** How deep functions and texts that are run call each other. */
const MAX_CALLS = 16;

/** Follows the statements of a script in their order. */
export class ScriptReader {
  readonly commands: ShellCommand[] = [];
  readonly doubtful: ShellCommand[] = [];
  readonly files: WrittenFile[] = [];
  left = 0;
  readonly #functions = new Map<string, CommandNode | CompoundList>();
  #followed = 0;
  #words = 0;
  #calls = 0;
  /** The words of what runs a text, such as `docker run … bash -c`. */
  #around: readonly string[] = [];
  /** Whether what is read may not run. */
  #doubts = false;

  constructor(readonly variables: Variables) {}

  statements(list: readonly Statement[]): void {
    for (const { command } of list) {
      if (++this.#followed > MAX_STATEMENTS) return;
      this.#pipeline(command);
    }
  }

  #pipeline(node: PipelineNode | AndOr): void {
    if (node.type === "AndOr") {
      // What comes after `||` runs where the command before it failed.
      let holds = true;
      for (const [at, each] of node.commands.entries()) {
        const joint = node.operators[at - 1];
        if (joint === undefined || (joint === "&&") === holds) {
          holds = verdictOf(each, this.variables)?.holds ?? this.#runs(each);
        }
      }
    } else if (node.type === "Pipeline") {
      for (const each of node.commands) this.#node(each);
    } else this.#node(node);
  }

  #runs(node: PipelineNode): boolean {
    if (verdictOf(node, this.variables) !== null) return false;
    this.#pipeline(node);
    return true;
  }

  #node(node: CommandNode | CompoundList): void {
    switch (node.type) {
      case "Command":
        return this.#command(node);
      case "If":
        return this.#if(node);
      case "Case":
        return this.#case(node);
      case "For": {
        // What a loop does is read for its first turn.
        const [first] = (node.wordlist ?? []).flatMap((word) =>
          expand(word, this.variables)
        );
        if (first === undefined) return this.#leave([node.body]);
        this.variables.set(node.name.value, [first]);
        return this.statements(node.body.commands);
      }
      case "While":
      case "Select":
      case "ArithmeticFor":
        return this.#leave([node.body]);
      case "Function":
        this.#functions.set(node.name.value, node.body);
        return;
      case "Redirected":
        return this.#node(node.command);
      case "Subshell":
      case "BraceGroup":
        return this.statements(node.body.commands);
      case "CompoundList":
        return this.statements(node.commands);
      case "Coproc":
        return this.#node(node.body);
      default:
        return;
    }
  }

  #if({ clause, then, elif, else: otherwise }: If): void {
    const branches = [{ clause, then }, ...elif];
    for (const [at, branch] of branches.entries()) {
      const { holds, waits } = this.#clause(branch.clause);
      if (holds === true) return this.statements(branch.then.commands);
      if (holds === null) {
        const rest = branches.slice(at).map((each) => each.then);
        return this.#leave(otherwise ? [...rest, otherwise] : rest, waits);
      }
    }
    if (otherwise) this.statements(otherwise.commands);
  }

  #clause({ commands }: CompoundList): Verdict {
    const [only, ...more] = commands;
    const verdict = only && more.length === 0
      ? verdictOf(only.command, this.variables)
      : null;
    return verdict ?? { holds: null, waits: [] };
  }

  #case({ word, items }: Case): void {
    const text = textOf(word, this.variables);
    if (hasUnset(text)) {
      return this.#leave(items.map(({ body }) => body), unsetIn(text));
    }
    const item = items.find(({ pattern }) =>
      pattern.some((each) => matches(text, textOf(each, this.variables)))
    );
    if (item) this.statements(item.body.commands);
  }

  /**
   * What may or may not run: its variables wait for those that would tell, and
   * its commands are read for want of others.
   */
  #leave(bodies: readonly CompoundList[], waits: readonly string[] = []): void {
    for (const { commands } of bodies) {
      this.left += commands.filter(({ command }) => !isIdle(command)).length;
      const before = this.#doubts;
      this.#doubts = true;
      for (const { command } of commands) {
        if (++this.#followed > MAX_STATEMENTS) break;
        if (command.type !== "Command") this.#pipeline(command);
        else if (command.name && command.name.value !== "export") {
          this.#command(command);
        } else {
          for (const each of assignmentsOf(command)) {
            this.variables.wait(
              each.name,
              waits,
              each.value.type === "Word"
                ? textOf(each.value, this.variables)
                : "",
            );
          }
        }
      }
      this.#doubts = before;
    }
  }

  #command(node: Command): void {
    const name = node.name ? textOf(node.name, this.variables) : "";
    this.files.push(...writtenBy(node, this.variables));
    if (name === "read") return this.#read(node);
    if (/^(?:export|declare|local|readonly|typeset|)$/.test(name)) {
      for (const each of assignmentsOf(node)) this.#assign(each);
      return;
    }
    const env = new Map<string, string>();
    for (const each of node.prefix) {
      if (each.type === "Assignment" && each.value.type === "Word") {
        env.set(each.name, textOf(each.value, this.variables));
      }
    }
    const words = wordsOf(node, true).flatMap((word) =>
      expand(word, this.variables)
    );
    const body = this.#functions.get(name);
    if (body) return this.#call(body, words.slice(1));
    const inner = innerText(words);
    if (inner !== null && this.#calls < MAX_CALLS) {
      const before = this.#around;
      this.#around = [...before, ...inner.around];
      this.#calls++;
      this.statements(parse(inner.text).commands);
      this.#calls--;
      this.#around = before;
      return;
    }
    this.#add({ words: [...this.#around, ...words], env });
  }

  /** `read` takes a text that stands in the script, parted by IFS. */
  #read(node: Command): void {
    const names = wordsOf(node).map(({ value }) => value)
      .filter((name) => /^[A-Za-z_]\w*$/.test(name));
    const [file] = writtenBy(node, this.variables);
    const [name] = names;
    if (file && name !== undefined) {
      this.variables.set(name, [file.text.replaceAll(/\\\r?\n/g, " ")]);
      return;
    }
    const given = node.redirects.find((each) => each.type === "HereString");
    if (given?.type !== "HereString" || !given.target) return;
    const by = assignmentsOf(node).find((each) => each.name === "IFS");
    const at = by?.value.type === "Word"
      ? textOf(by.value, this.variables)
      : " ";
    const texts = textOf(given.target, this.variables).split(at);
    for (const [place, each] of names.entries()) {
      this.variables.set(each, [texts[place]?.trim() ?? ""]);
    }
  }

  #call(body: CommandNode | CompoundList, words: readonly string[]): void {
    if (this.#calls >= MAX_CALLS) return;
    this.#calls++;
    for (const [at, word] of words.slice(0, 9).entries()) {
      this.variables.set(String(at + 1), [word]);
    }
    this.#node(body);
    this.#calls--;
  }

  #add(command: ShellCommand): void {
    this.#words += command.words.length;
    if (command.words.length === 0 || this.#words > MAX_WORDS) return;
    const list = this.#doubts ? this.doubtful : this.commands;
    // What is pasted often lost the ends of its lines.
    const last = list.at(-1);
    if (last && (command.words[0] ?? "").startsWith("--")) {
      list[list.length - 1] = {
        ...last,
        words: [...last.words, ...command.words],
      };
    } else list.push(command);
  }

  #assign({ name, value, append }: Assignment): void {
    const isArray = value.type === "ArrayValue";
    const words = isArray
      ? value.elements.flatMap((word) => expand(word, this.variables))
      : [textOf(value, this.variables)];
    if (append) {
      this.variables.append(
        name,
        words,
        isArray || this.variables.isArray(name),
      );
    } else this.variables.set(name, words, isArray);
  }
}

/** Whether a statement neither sets anything nor starts a program of its own. */
function isIdle(node: PipelineNode | AndOr): boolean {
  return node.type === "Command" && node.name !== undefined &&
    /^(?:echo|printf|exit|return|shift|mkdir|cd|rm|sleep|break|continue|true|:|usage|help|trap|wait|kill|ls|date|hostname|pip|pip3|git)$/
      .test(node.name.value);
}
