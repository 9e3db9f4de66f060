import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "../npm/fast-check.ts";
import { parseScenario } from "../../lib/mod.ts";
import { holdsCharacter } from "../../lib/patterns/character_set.ts";
import {
  Matcher,
  MAX_STEPS,
  readPattern,
  TooManySteps,
} from "../../lib/patterns/mod.ts";
import { setOf } from "../../lib/patterns/syntax.ts";

function matcherOf(pattern: string, limit?: number): Matcher {
  const read = readPattern(pattern);
  assert(read.ok, `${pattern}: ${read.ok ? "" : read.reason}`);
  return new Matcher(read.automaton, limit);
}

/** Patterns that Python and JavaScript read alike, small enough for the latter. */
const { pattern: PATTERNS } = fc.letrec<{ pattern: string; atom: string }>(
  (tie) => ({
    atom: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(
        ..."abN01._",
        "\\.",
        ".",
        "\\d",
        "\\w",
        "\\W",
        "[ab]",
        "[^a.]",
        "[0-9_]",
        "[\\d.]",
        "[^\\w]",
        "\\b",
        "\\B",
        "^",
        "$",
      ),
      tie("pattern").map((inner) => `(?:${inner})`),
      tie("pattern").map((inner) => `(${inner})`),
      tie("pattern").map((inner) => `(?=${inner})`),
      tie("pattern").map((inner) => `(?!${inner})`),
      fc.tuple(
        tie("pattern"),
        fc.constantFrom("*", "+", "?", "{2}", "{1,2}", "{0,}", "*?", "+?"),
      ).map(([inner, times]) => `(?:${inner})${times}`),
    ),
    pattern: fc.array(
      fc.array(tie("atom"), { maxLength: 4 }).map((atoms) => atoms.join("")),
      { minLength: 1, maxLength: 2 },
    ).map((ways) => ways.join("|")),
  }),
);
const NAMES = fc.array(fc.constantFrom(..."abN01._-é"), { maxLength: 9 })
  .map((letters) => letters.join(""));

Deno.test("patterns match what JavaScript's own engine matches", () => {
  fc.assert(
    fc.property(
      PATTERNS,
      fc.array(NAMES, { minLength: 5, maxLength: 5 }),
      (pattern, names) => {
        const matcher = matcherOf(pattern);
        const own = new RegExp(`^(?:${pattern})$`, "u");
        // Its \w has no é, which Python's has.
        for (const name of names.filter((each) => !each.includes("é"))) {
          assertEquals(matcher.matches(name), own.test(name), `${name}`);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("a name read in pieces matches as a whole one", () => {
  fc.assert(
    fc.property(
      PATTERNS,
      fc.array(NAMES, { minLength: 3, maxLength: 3 }),
      (pattern, [head = "", middle = "", tail = ""]) => {
        const pieces = matcherOf(pattern);
        const ends = pieces.before(tail);
        const between = ends && pieces.before(middle, ends);
        const place = between && pieces.before(head, between);
        assertEquals(
          place !== null && pieces.matchesFrom(place),
          matcherOf(pattern).matches(head + middle + tail),
        );
      },
    ),
  );
});

/** What Python says of them: checked with its `re.fullmatch`. */
const PYTHON: [pattern: string, yes: string[], no: string[]][] = [
  ["(?P<stack>layers)\\.\\d+", ["layers.10"], ["layers."]],
  ["(?i)MODEL\\.[q-s]", ["model.Q", "MoDeL.s"], ["model.t"]],
  ["(?i:a)b", ["Ab", "ab"], ["aB"]],
  ["a{,2}", ["", "aa"], ["aaa"]],
  ["a{2,}b{1}", ["aab", "aaaab"], ["ab"]],
  ["a{x}", ["a{x}"], ["ax"]],
  ["[]a]+", ["]a"], ["["]],
  ["[^]a]", ["b"], ["]", "a"]],
  ["[a\\-z]", ["-", "a", "z"], ["b"]],
  ["[\\w-]+", ["a-b"], ["a.b"]],
  ["\\x61\\u0062\\143", ["abc"], ["x61"]],
  ["\\Aab\\Z", ["ab"], ["aab"]],
  ["é\\w", ["éé"], ["é."]],
  [".", ["x", "😀"], ["\n", "xx"]],
  ["(?s).", ["\n"], [""]],
  ["a(?#a comment)b", ["ab"], ["aa"]],
  ["\\/\\-\\ ", ["/- "], ["\\/"]],
  [".*_proj(?<!o_proj)", ["q_proj"], ["o_proj"]],
  ["(?:.*_proj)(?<!o_proj)(?<=q_proj)$", ["q_proj"], ["k_proj", "o_proj"]],
  ["(?:a|b)(?!c)(?:.c|d)", ["adc", "bd"], ["acc"]],
];

for (const [pattern, yes, no] of PYTHON) {
  Deno.test(`patterns are read as Python reads them: ${pattern}`, () => {
    const matcher = matcherOf(pattern);
    for (const name of yes) assert(matcher.matches(name), name);
    for (const name of no) assert(!matcher.matches(name), name);
  });
}

const PARTS = "self_attn|attention|attn|mlp|feed_forward|ffn|dense";
const LINEAR = "k_proj|v_proj|q_proj|o_proj|up_proj|down_proj|gate_proj|proj";
/** As users of PEFT write them, and as Unsloth generates them. */
const IN_USE = [
  "^(?!.*visual).*_proj$",
  "^(?!.*(vision|audio)).*(q|k|v|o)_proj$",
  "^(?!.*lm_head)(?!.*visual)(?=.*layers).*(?:q_proj|v_proj)",
  "model\\.layers\\.(?!0\\.)\\d+\\.self_attn\\.(q|v)_proj",
  "(?:.*?(?:vision|image|visual|patch|language|text).*?(?:" + PARTS +
  ").*?(?:" + LINEAR + ").*?)|(?:\\bmodel\\.layers\\.[\\d]{1,}\\.(?:" + PARTS +
  ")\\.(?:(?:" + LINEAR + ")))",
  "(?:.*?(?:language|text).*?(?:" + PARTS + ").*?(?:" + LINEAR +
  "))|(?:\\bmodel\\.layers\\.[\\d]{1,}\\.(?:" + PARTS + ")\\.(?:(?:" + LINEAR +
  ")))|(?:.*?\\baudio_tower\\..*?(?:post)(?:\\.linear)?)",
  "(?:(?!x)x)|(?:.*?\\bembed_audio\\.embedding_projection(?:\\.linear)?)",
];
const PATHS = [
  "model.layers.0.self_attn.q_proj",
  "model.layers.17.mlp.down_proj",
  "model.language_model.layers.3.self_attn.o_proj",
  "model.visual.blocks.4.attn.proj",
  "model.visual.blocks.4.mlp.up_proj",
  "model.vision_tower.vision_model.encoder.layers.9.self_attn.k_proj",
  "model.audio_tower.layers.1.attention.post.linear",
  "model.embed_audio.embedding_projection",
  "lm_head",
];

for (const pattern of IN_USE) {
  Deno.test(`patterns in use are matched exactly: ${pattern.slice(0, 50)}`, () => {
    const matcher = matcherOf(pattern);
    const own = new RegExp(`^(?:${pattern})$`, "u");
    for (const path of PATHS) {
      assertEquals(matcher.matches(path), own.test(path), path);
    }
  });
}

const REFUSED: [pattern: string, reason: RegExp][] = [
  ["(a)\\1", /must not refer to groups, \\1: write/],
  ["(?P<x>a)(?P=x)", /must not refer to groups, \(\?P=name\)/],
  ["(?>a)", /must not have atomic groups/],
  ["a*+b", /must not have possessive repetitions such as \*\+: write \*/],
  ["(?(1)a|b)", /must not have conditions/],
  ["(?<x>a)", /must name groups as Python does, \(\?P<name>/],
  ["(?x) a", /must have no flags but i, s and u, not x/],
  ["a(?i)b", /must have flags such as \(\?i\) at its beginning/],
  ["(?<!a)b", /must have lookbehinds.* at its end only: write a lookahead/],
  ["\\p{L}", /it has \\p, which is no escape of Python's/],
  ["a**", /it repeats a repetition/],
  ["*a", /it repeats nothing/],
  ["^*", /it repeats a place/],
  ["(a", /it lacks a \)/],
  ["a)", /it has a \) too many/],
  ["[a", /it lacks a \]/],
  ["[z-a]", /range of characters that is none/],
  ["a\\", /it has \\, which is no escape/],
  ["a{3,2}", /it repeats 3 to 2 times/],
  ["x".repeat(4001), /of at most 4000 characters, not 4001/],
  [".".repeat(32_768), /of at most 4000 characters, not 32768/],
  ["(".repeat(200), /nest groups at most 100 deep/],
  [".{1,1000}{1,1000}", /it repeats a repetition/],
  ["(?:.{1,1000}){1,1000}", /of at most 4000 states.*, not 2002001/],
  ["(((a{99}){99}){99}){99}", /of at most 4000 states/],
  ["a{99999999999}", /must repeat at most 4000 times/],
];

for (const [pattern, reason] of REFUSED) {
  Deno.test(`patterns are refused by name: ${pattern.slice(0, 40)}`, () => {
    const read = readPattern(pattern);
    assert(!read.ok);
    assertMatch(read.reason, reason);
    const parsed = parseScenario({
      model: "gpt2",
      train: { method: "lora", lora: { targets: `.*${pattern}` } },
    });
    assert(!parsed.ok);
    assertEquals(parsed.problems[0]?.path, "train.lora.targets");
  });
}

Deno.test("whatever text stands for a pattern, it is read or refused", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(..."ab1.*+?{}[]()|^$\\-,:=!<>P#idwsbBAZ"), {
        maxLength: 30,
      }).map((letters) => letters.join("")),
      (text) => {
        const read = readPattern(text);
        if (read.ok) new Matcher(read.automaton).matches("model.layers.0.q");
        else assertMatch(read.reason, /^must /);
      },
    ),
    { numRuns: 3000 },
  );
});

/** Patterns for which a backtracking engine takes minutes or forever. */
const HOSTILE = [
  "([\\w.]+)+!",
  "(a*)*b",
  "(x+x+)+y",
  "(.*)*!",
  "(?:[a-z_.]+|\\d+)*-",
  "(?!.*(.*.*)*!)(\\w+\\.?)+!",
  `(?:${Array.from({ length: 500 }, (_, at) => `.*a${at}`).join("|")})`,
];

for (const pattern of HOSTILE) {
  Deno.test(`a pattern costs steps by length and states: ${pattern.slice(0, 30)}`, () => {
    const read = readPattern(pattern);
    assert(read.ok);
    const { states, looks } = read.automaton;
    for (const length of [10, 100, 1000]) {
      const matcher = new Matcher(read.automaton);
      matcher.matches("a".repeat(length));
      const most = (length + 2) * (3 + looks.length) * states.length;
      assert(matcher.steps <= most, `${matcher.steps} steps of ${most}`);
    }
  });
}

Deno.test("a name like one before costs a step a character", () => {
  const matcher = matcherOf("(?!.*visual).*layers\\.\\d+\\..*(q|v)_proj");
  matcher.matches("model.layers.10.self_attn.q_proj");
  const before = matcher.steps;
  const name = "model.layers.10.self_attn.q_proj";
  assert(matcher.matches(name));
  assertEquals(matcher.steps - before, name.length + 1);
});

Deno.test("what takes too many steps is given up, with the limit", () => {
  const matcher = matcherOf(".*a.{20}.*", 500);
  const error = assertThrows(
    () => matcher.matches("ab".repeat(500)),
    TooManySteps,
  );
  assertMatch(error.message, /within 500 steps/);
  assertEquals(error.limit, 500);
  assert(MAX_STEPS > 500);
});

Deno.test("a set of any ranges holds what one of them holds", () => {
  const code = fc.integer({ min: 0, max: 40 });
  const range = fc.tuple(code, code).map(([a, b]) =>
    [Math.min(a, b), Math.max(a, b)] as const
  );
  fc.assert(fc.property(fc.array(range), code, (ranges, one) => {
    const read = setOf(ranges);
    assert(read.kind === "set");
    assertEquals(
      holdsCharacter(read.set, one),
      ranges.some(([from, to]) => from <= one && one <= to),
    );
  }));
});

Deno.test("a set of thousands of characters is looked up, not gone through", () => {
  const read = setOf(
    Array.from({ length: 3900 }, (_, at) => [3 * at, 3 * at] as const),
  );
  assert(read.kind === "set");
  let looked = 0;
  const ranges = new Proxy(read.set.ranges, {
    get(target, name) {
      if (/^\d+$/.test(String(name))) looked++;
      return Reflect.get(target, name);
    },
  });
  assert(holdsCharacter({ ...read.set, ranges }, 3 * 3899));
  assert(!holdsCharacter({ ...read.set, ranges }, 1));
  assert(looked > 0 && looked <= 26, `${looked} ranges were looked at`);
});
