import type { FailedMoment } from "../../failures/moments.ts";
import type { Printed } from "../../failures/printed.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { asPrinted, groupDigits } from "../../units/mod.ts";
import { mayBe } from "./allocator_sizes.ts";
import type { ErrorCause } from "../../answer/explanation.ts";
import { batchOf, product } from "./terms.ts";

/** A tensor whose size grows with the tokens, and by how much. */
interface Growing {
  readonly tensor: string;
  readonly at: string;
  /** Its size without the tokens. */
  readonly sizes: readonly number[];
  readonly width: number;
  /** Whether it grows with the square of a sequence. */
  readonly squared: boolean;
}

/** Tensors of a size, and whether they have the scenario's own tokens. */
export interface SizedTensors {
  readonly causes: readonly ErrorCause[];
  readonly isExact: boolean;
}

/** Tensors that are told. */
const MOST_TOLD = 2;

/**
 * Finds tensors whose size was asked for by their dimensions alone, where nothing is
 * played: with the scenario's tokens, or else with another round number of them.
 *
 * @param isOpen Whether nobody said how many tokens there are.
 */
export function sizedTensors(
  model: Model,
  scenario: Scenario,
  tried: Printed,
  moment: FailedMoment | null,
  isOpen: boolean,
): SizedTensors {
  const { rows, tokens } = batchOf(scenario);
  const exact: ErrorCause[] = [];
  const round: ErrorCause[] = [];
  const other: ErrorCause[] = [];
  for (const each of growing(model, scenario, moment)) {
    const { tensor, at, sizes, width, squared } = each;
    const one = sizes.reduce((all, size) => all * size, width);
    const all = squared ? [rows, tokens, tokens] : [rows, tokens];
    const bytes = all.reduce((product, size) => product * size, one);
    if (mayBe(bytes, tried)) {
      const shape = squared
        ? [rows, ...sizes, tokens, tokens]
        : [rows, tokens, ...sizes];
      exact.push({
        tensor,
        bytes,
        at,
        words: `${asPrinted(bytes)} = ${product(shape, width)}: ${tensor}`,
      });
    } else if (isOpen && squared && moment?.inner) {
      const length = lengthOf(tried, rows * one);
      const isRound = length % MIN_ROUND === 0;
      (isRound ? round : other).push({
        tensor,
        bytes: rows * length * length * one,
        at,
        words: `${asPrinted(tried.bytes)} = ${isRound ? "" : "about "}${
          product([rows, ...sizes, length, length], width)
        }: ${tensor}, of so long a sequence`,
      });
    } else if (isOpen && moment?.inner) {
      const count = roundCount(tried, one);
      if (count === null) continue;
      other.push({
        tensor,
        bytes: count * one,
        at,
        words: `${asPrinted(count * one)} = ${groupDigits(count)} tokens × ${
          product(sizes, width)
        }: ${tensor}, of that many tokens`,
      });
    }
  }
  return {
    causes: [...exact, ...round, ...other].slice(0, MOST_TOLD),
    isExact: exact.length > 0,
  };
}

/**
 * The tokens that a size tells where it is logits' whose batch nobody gave.
 *
 * @returns Null where no round number of tokens makes them so large.
 */
export function tokensOfLogits(
  model: Model,
  tried: Printed,
): number | null {
  return roundCount(tried, 4 * model.architecture.vocab_size);
}

/** The length whose square makes a size: a round one, or the nearest. */
function lengthOf(tried: Printed, one: number): number {
  const nearest = Math.sqrt(tried.bytes / one);
  const round = Math.round(nearest / MIN_ROUND) * MIN_ROUND;
  return mayBe(round * round * one, tried) ? round : Math.round(nearest);
}

/** The roundest number of pieces of a size that may be what was asked for. */
function roundCount(tried: Printed, one: number): number | null {
  // The allocator asks for whole 2 MiB, and the print is rounded.
  const least = Math.ceil((tried.bytes - tried.rounding - 2 ** 21) / one);
  const most = Math.floor((tried.bytes + tried.rounding) / one);
  for (let step = 2 ** 17; step >= MIN_ROUND; step /= 2) {
    const count = Math.floor(most / step) * step;
    if (count >= least && count > 0 && mayBe(count * one, tried)) return count;
  }
  return null;
}

/** Sequences and batches are multiples of this, where they are padded or packed. */
const MIN_ROUND = 128;

/** The large tensors of a language model, those of the moment first. */
function growing(
  { architecture }: Model,
  { task, parallel: { tp } }: Scenario,
  moment: FailedMoment | null,
): Growing[] {
  const { vocab_size, attention_heads, intermediate_size, hidden_size } =
    architecture;
  const forward = task === "serve" ? "prefill" : "forward pass";
  const logits = [4, 2].map((width): Growing => ({
    tensor: width === 4 ? "logits in fp32" : "logits",
    at: task === "serve" ? forward : `${forward}, at the loss`,
    sizes: [vocab_size],
    width,
    squared: false,
  }));
  const scores = [4, 2].map((width): Growing => ({
    tensor: "scores of attention",
    at: `${forward}, in a layer`,
    sizes: [Math.max(1, attention_heads / tp)],
    width,
    squared: true,
  }));
  const others = [
    ["MLP gate, up or activation", intermediate_size / tp, 2],
    ["gate and up of the MLP as one", 2 * intermediate_size / tp, 2],
    ["hidden states in fp32", hidden_size, 4],
    ["hidden states", hidden_size, 2],
  ] as const;
  const rest = others.filter(([, size]) => size > 0 && Number.isInteger(size))
    .map(([tensor, size, width]): Growing => ({
      tensor,
      at: `${forward}, in a layer`,
      sizes: [size],
      width,
      squared: false,
    }));
  const keys: Growing = {
    tensor: "keys, or values, of a layer",
    at: `${forward}, in a layer`,
    sizes: [architecture.kv_heads * architecture.head_dim / tp],
    width: 2,
    squared: false,
  };
  switch (moment?.inner) {
    case "the scores of attention":
      return scores;
    case "the key-value cache":
      return [keys];
    case "the MLP":
      return rest;
    case "the log-softmax of the logits":
    case "logits in fp32":
    case "the output head":
      return logits;
    default:
      return [...logits, ...scores, ...rest];
  }
}
