import type { CodeParts, FamilyCode } from "./code.ts";
import { ACTIVATION_KEYS } from "./layer.ts";

/** What is so of a type that does not say otherwise: Llama's code. */
export const USUAL: FamilyCode = {
  layer: {
    norm: "rms",
    arrangement: "pre",
    holdsNormed: false,
    holdsAttended: false,
    addsInPlace: false,
    leavesOut: false,
    scalesInPlace: false,
  },
  rotary: {
    kind: "whole",
    share: 1,
    features: null,
    repeatedTables: false,
    wide: false,
    byToken: false,
    holdsUnturned: false,
    tables: 1,
    perSequence: false,
    skipsEvery: null,
    keptUntil: null,
  },
  attention: {
    normsTurned: false,
    normsEach: false,
    normsBare: false,
    normsValues: false,
    widthsByLayer: false,
    handsHeads: false,
    picksTokens: false,
    wideScores: false,
    wideSoftmax: true,
    leavesWeights: false,
    floorsScores: false,
    softcaps: false,
    scalesKeys: false,
    gatesOutput: false,
    fused: "split",
    scalesInPlace: false,
    cachesCasts: true,
    fillsCache: false,
    windows: null,
  },
  mlp: {
    activation: [ACTIVATION_KEYS, "silu"],
    isInline: false,
    isMultiplied: false,
    cutsGate: null,
  },
  routing: {
    wide: false,
    sigmoid: false,
    plain: false,
    late: false,
    every: false,
    narrow: false,
  },
  experts: {
    isTransposed: false,
    gate: "halves",
    wideWeights: false,
    stackedBefore5: false,
    repeatsRows: false,
    sharedFirst: false,
    names: { gate: "gate_proj", up: "up_proj", down: "down_proj" },
  },
  dropout: {
    attention: [
      ["attn_pdrop", "attention_dropout", "attention_probs_dropout_prob"],
      0,
    ],
    residual: [
      [
        "resid_pdrop",
        "residual_dropout",
        "hidden_dropout_prob",
        "hidden_dropout",
      ],
      0,
    ],
    embedding: [["embd_pdrop", "hidden_dropout_prob"], 0],
  },
  embedding: { scaled: null, ownPositions: false, normsBare: false },
  multiplies: { embeddings: false, residuals: false, logits: false },
  loss: {
    narrowUntil4_48: false,
    castsFrom: 47,
    casts: false,
    ownUntil: null,
    shifts: false,
    caps: false,
    narrowTokens: false,
  },
  heads: {
    spansBody: null,
    spansAreLabels: false,
    classifies: false,
    dropout: 0.1,
    tied: "lm_head",
  },
  weights: {
    frozen: null,
    wide: null,
    buffersGone: null,
    sharesBlocks: false,
    ownLinears: false,
  },
  sizes: {
    gated: true,
    tied: false,
    positions: null,
    vocabulary: null,
    sharedExpert: false,
    perLayer: false,
  },
  peft: { targets: null, experts: null },
  cache: {
    kinds: null,
    window: null,
    shares: 0,
    endsInFull: false,
    tokens: null,
    isLatent: false,
    isDouble: false,
    crosses: false,
    encoded: null,
    state: null,
    keeps: null,
  },
  encoder: null,
  stateSpace: null,
  sight: null,
  unplayed: null,
};

/** A type's code: the usual one with the parts that it states; later ones win. */
export function codeWith(...parts: readonly CodeParts[]): FamilyCode {
  return parts.reduce<FamilyCode>(joined, USUAL);
}

/** Parts that several types share, as one; later ones win. */
export function codePartsOf(...parts: readonly CodeParts[]): CodeParts {
  return parts.reduce<CodeParts>(joined, {});
}

function joined<T extends CodeParts>(first: T, second: CodeParts): T {
  const whole: Record<string, unknown> = { ...first };
  for (const [group, stated] of Object.entries(second)) {
    const before = whole[group];
    whole[group] = isGroup(before) && isGroup(stated)
      ? { ...before, ...stated }
      : stated;
  }
  return whole as T;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
