import fc from "../../npm/fast-check.ts";
import { CODE_POINT } from "../../code_point.ts";

/** What no page may hold unescaped; every hostile text begins with it. */
export const MARK = "<fzx";

/** Texts that end something, mean something to an engine, or are none. */
const HOSTILE = [
  ...["", " ", `${MARK}>`, `">${MARK} onload=1>`, `'${MARK}>`],
  ...[`</textarea>${MARK}>`, `</title>${MARK}>`, `<!--${MARK}`, `]]>${MARK}`],
  ...["javascript:alert(1)", "\0", "a\0b", "\r\nSet-Cookie: x=y\r\n\r\n"],
  ...["\u202e\u2066", "\ud800", "\uffff", "💥", "é".normalize("NFD"), "İi"],
  ...["../../../etc/passwd", "%00", "%ff%fe", "&amp;", "{{7*7}}${7*7}"],
  ...["__proto__", "constructor", "toString", "null", "undefined", "NaN"],
  ...["[]", "{}", '{"a":1}', "[[[[[[", "-", "--", "a-b", "lm-head", "q_proj-"],
  ...["([\\w.]+)+!", ".*", "(?!x)y", "^(?!.*visual).*_proj$", "a{1,99}", "\\"],
  ...[
    "[^]",
    "[a-",
    "(",
    ")",
    "*",
    "+",
    "?",
    "|",
    "$",
    "^",
    "\\d-\\w",
    "[\\w-a]",
  ],
  ...["owner/name", "owner/name@rev:file.gguf", "a/b@../../x", "file:///x"],
  ...["http://127.0.0.1:1/", "//evil.example/x", "x".repeat(300)],
];

const NUMBERS = [
  ...["0", "1", "2", "3", "7", "8", "64", "4096", "65537", "1048577"],
  ...["2147483648", "9007199254740993", "1e15", "1e308", "1e309", "-1", "-0"],
  ...["0.5", "Infinity", "0x10", "1_000", "7B", "4k", "80GB", "79.3GiB"],
  ...["1e-320", "٣", "１２", "+5", " 5 ", "5;", ".5", "1,000"],
];

/** Any text: hostile ones, numbers, and characters of every kind. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.constantFrom(...NUMBERS),
  fc.string({ unit: CODE_POINT, maxLength: 40 }),
  fc.string({ maxLength: 40 }),
);

/** A name of a module, or nearly: letters and what patterns are made of. */
export const anyModule: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom(..."abq_.-0", ..."*+?()[]{}|\\^$&/#~!:=<>"),
  minLength: 1,
  maxLength: 6,
});

/** Any number as text, of the kinds that people write, or beyond them. */
export const anyNumber: fc.Arbitrary<string> = fc.constantFrom(...NUMBERS);

/** Any JSON, shallow or deeper than any stack. */
export const anyJson: fc.Arbitrary<string> = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.tuple(
    fc.constantFrom<[string, string]>(["[", "]"], ['{"a":', "}"], ["- ", ""]),
    fc.constantFrom(17, 25, 200, 10_000),
    fc.boolean(),
  ).map(([[open, close], levels, ends]) =>
    open.repeat(levels) + (ends ? `1${close.repeat(levels)}` : "")
  ),
  fc.constantFrom(
    '{"model":"gpt2","__proto__":{"polluted":1}}',
    '{"model":"gpt2","train":{"micro_batch":1e999}}',
    '{"model":{"config":{"num_hidden_layers":4294967295}}}',
    '{"scenarios":[{"model":"gpt2"},null,[],"x"]}',
    '{"scenario":{"model":"gpt2"},"field":"constructor"}',
    "\uFEFF{}",
    "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b]",
    "a: &a\n  b: *a\n",
    "base_model: gpt2\nadapter: lora\nlora_target_modules: ['a-b', '(']\n",
    "torchrun train.py --model_name_or_path gpt2 --x '\0'",
  ),
);
