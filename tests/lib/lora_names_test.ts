import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "../npm/fast-check.ts";
import { CODE_POINT } from "../code_point.ts";
import type { Scenario, ScenarioInput } from "../../lib/mod.ts";
import { parseScenario, tryEstimate } from "../../lib/mod.ts";
import { adaptersOf } from "../../lib/models/lora/adapters.ts";
import type { MatchedTargets } from "../../lib/models/lora/match.ts";
import { NameList, PathPattern } from "../../lib/models/lora/match.ts";
import type { LoraSettings } from "../../lib/models/lora/settings.ts";
import { TextFinder } from "../../lib/models/lora/text_finder.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import type { LayerRange } from "../../lib/models/tensors/tensor.ts";
import { Matcher, readPattern } from "../../lib/patterns/mod.ts";
import { assertOk } from "./results.ts";

const KEYS = fc.constantFrom("a", "N", "a-b", "1", "12", "x1", "05", "N2");
const PATHS = fc.array(KEYS, { minLength: 1, maxLength: 4 })
  .map((keys) => keys.join("."));
const NAMES = fc.array(
  fc.constantFrom("a", "-", "1", "2", "0", "5", ".", "x", "N", "+", "é"),
  { minLength: 1, maxLength: 5 },
).map((letters) => letters.join(""));
const LAYERS = fc.constantFrom<LayerRange[]>(
  [[0, 30, 1]],
  [[0, 130, 7], [3, 130, 7]],
  [[12, 13, 1]],
);

/** The layers whose own name satisfies a test, one after another. */
function oneByOne(
  path: string,
  layers: readonly LayerRange[],
  test: (path: string) => boolean,
): number[] {
  const numbers = layers.flatMap(([from, to, step]) =>
    Array.from(
      { length: Math.ceil((to - from) / step) },
      (_, at) => from + at * step,
    )
  );
  return numbers.filter((layer) =>
    test(path.replace(/(^|\.)N(?=\.|$)/, `$1${layer}`))
  ).sort((a, b) => a - b);
}

function numbersOf(
  taken: MatchedTargets,
  layers: readonly LayerRange[],
): number[] {
  if (taken === "none") return [];
  return oneByOne("N", taken === "all" ? layers : taken, () => true);
}

Deno.test("names of a list take what PEFT's test of one path after another takes", () => {
  fc.assert(
    fc.property(PATHS, LAYERS, fc.array(PATHS), (path, layers, names) => {
      const literal = names.map((name) => name.replaceAll("N", "1"));
      const list = new NameList(literal);
      assertEquals(
        numbersOf(list.taken(path, layers), layers),
        oneByOne(
          path,
          layers,
          (each) =>
            literal.some((name) => each === name || each.endsWith(`.${name}`)),
        ),
      );
      for (const name of literal) {
        assertEquals(
          list.takers(path, layers).includes(name),
          oneByOne(
            path,
            layers,
            (each) => each === name || each.endsWith(`.${name}`),
          ).length > 0,
        );
      }
    }),
  );
});

Deno.test("texts are found in names whatever they hold, and never as patterns", () => {
  fc.assert(
    fc.property(PATHS, LAYERS, fc.array(NAMES), (path, layers, names) => {
      for (
        const [begin, end] of [["", "."], [".", "."], ["", ".\n"]] as const
      ) {
        const texts = names.map((name) => `${begin}${name}${end}`);
        const found = new TextFinder(texts).taken(path, layers, [begin, end]);
        assertEquals(
          numbersOf(found, layers),
          oneByOne(
            path,
            layers,
            (each) =>
              texts.some((text) => `${begin}${each}${end}`.includes(text)),
          ),
        );
      }
    }),
    { numRuns: 500 },
  );
});

const PATTERNS = [
  ".*\\.\\d*[13579]\\..*",
  "(?!.*(a-b|x1)).*",
  "a\\.(?:1|12|2\\d)\\.a",
  "a\\.(?!1)\\d+.*",
  ".*1.*",
  "(?:[^.]+\\.)+1?2",
];

Deno.test("a pattern takes of a stack what it takes of one layer after another", () => {
  fc.assert(
    fc.property(
      PATHS,
      LAYERS,
      fc.constantFrom(...PATTERNS),
      (path, layers, text) => {
        const read = readPattern(text);
        assert(read.ok);
        const taken = new PathPattern(new Matcher(read.automaton))
          .taken(path, layers);
        const own = new RegExp(`^(?:${text})$`, "u");
        assertEquals(
          numbersOf(taken, layers),
          oneByOne(path, layers, (each) => own.test(each)),
        );
      },
    ),
  );
});

Deno.test("modules_to_save may be called whatever names of modules may be", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: CODE_POINT, minLength: 1, maxLength: 12 }),
        { maxLength: 4 },
      ),
      (names) => {
        const lora = { targets: ["q_proj"], modules_to_save: names };
        const result = tryEstimate({
          model: { dims: dims(2) },
          train: { method: "lora", lora },
        });
        if (!result.ok) {
          assertMatch(
            result.problems[0]?.path ?? "",
            /^train\.lora\.(targets|modules_to_save)/,
          );
        }
      },
    ),
  );
});

for (const name of ["lm-head", "a-b", "-", "norm-1.x", "model/layers"]) {
  Deno.test(`modules_to_save takes ${name}`, () => {
    const result = tryEstimate({
      model: "gpt2",
      train: { method: "lora", lora: { modules_to_save: [name] } },
    });
    assertOk(result);
    assertMatch(result.value.warnings.join("\n"), /the model has no /);
  });
}

/** A list of layers that counts how often somebody goes through it. */
class CountedLayers extends Array<LayerRange> {
  static rounds = 0;

  override [Symbol.iterator]() {
    CountedLayers.rounds++;
    return super[Symbol.iterator]();
  }
}

function scenarioOf(input: ScenarioInput): Scenario {
  const parsed = parseScenario(input);
  assert(parsed.ok);
  return parsed.value;
}

function rounds(count: number, lora: Partial<LoraSettings>): number {
  const { model: named } = scenarioOf({ model: { dims: dims(10_000) } });
  const model = resolveModel(named);
  assert(model.ok);
  const layers = new CountedLayers([0, 10_000, 1]);
  const tensors = model.value.tensors.map((tensor) =>
    tensor.layers === null ? tensor : { ...tensor, layers }
  );
  CountedLayers.rounds = 0;
  const adapters = adaptersOf(tensors, {
    rank: 8,
    targets: ["q_proj"],
    target_parameters: [],
    modules_to_save: [],
    dora: false,
    bias: "none",
    ...lora,
  }, { model_type: "llama", transformers: 5, peft: 21 });
  assertOk(adapters);
  assert(adapters.value.tensors.length > 0, `${count}`);
  return CountedLayers.rounds;
}

const MANY: [name: string, lora: (count: number) => Partial<LoraSettings>][] = [
  ["modules to save", (count) => ({
    modules_to_save: names(count, (at) => `m${at}_xxxx`),
  })],
  ["layers to save", (count) => ({
    modules_to_save: names(count, (at) => `${at}.self_attn.k_proj`),
  })],
  ["targets", (count) => ({
    targets: ["q_proj", ...names(count, (at) => `m${at}_xxxx`)],
  })],
  ["layers as targets", (count) => ({
    targets: names(count, (at) => `layers.${at}.self_attn.q_proj`),
  })],
  ["layers of a pattern", (count) => ({
    targets: `.*layers\\.(${
      names(count, String).join("|")
    })\\.self_attn\\.q_proj`,
  })],
];

function names(count: number, name: (at: number) => string): string[] {
  return Array.from({ length: count }, (_, at) => name(at));
}

for (const [name, lora] of MANY) {
  Deno.test(`10,000 layers are gone through as often for one as for 200 ${name}`, () => {
    assertEquals(rounds(200, lora(200)), rounds(1, lora(1)));
  });
}

Deno.test("a pattern that takes too long is refused with the limit", () => {
  const lora = {
    targets: names(
      26,
      (at) => `(.*[${String.fromCharCode(97 + at)}${at % 10}].{${at + 3}}.*)`,
    ).join(
      "|",
    ),
  };
  const result = tryEstimate({
    model: { dims: dims(10_000) },
    train: { method: "lora", lora },
  });
  assert(!result.ok);
  assertEquals(result.problems[0]?.path, "train.lora.targets");
  assertMatch(
    result.problems[0]?.message ?? "",
    /must be matched within 1500000 steps .*: current value is /,
  );
  // Over a model that exists it is matched.
  const small = tryEstimate({ model: "gpt2", train: { method: "lora", lora } });
  assert(!JSON.stringify(small).includes("steps over all names"));
});

function dims(layers: number) {
  return {
    layers,
    hidden_size: 64,
    attention_heads: 2,
    vocab_size: 1000,
    tie_embeddings: true,
    gated_mlp: true,
  };
}
