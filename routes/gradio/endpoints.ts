import { estimateOnHub } from "../../hub/estimate.ts";
import type { Hub } from "../../hub/mod.ts";
import type { Result } from "../../lib/mod.ts";
import { adviceSentence } from "../../templates/advice_words.ts";
import { largestWords } from "../../templates/largest_words.ts";
import { verdictOf } from "../../templates/short_answer.ts";
import { adviceOnHub, largestOnHub } from "../asked.ts";
import type { GradioParameter } from "./parameters.ts";
import { FIELD_PARAMETER, PARAMETERS } from "./parameters.ts";

/** What an endpoint was asked: a scenario, and what stands beside it. */
export interface GradioAsked {
  readonly input: Record<string, unknown>;
  /** Arguments that are no field of a scenario, by their names. */
  readonly beside: Readonly<Record<string, unknown>>;
}

/** A question of Gradio's clients. */
export interface GradioEndpoint {
  /** Its name, without the slash that clients put before it. */
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly GradioParameter[];
  /** What its two answers are called: a sentence, and an object. */
  readonly returns: readonly [words: string, answer: string];
  /** @param step Is called for each thing that was tried. */
  answer(
    asked: GradioAsked,
    hub: Hub | null,
    step: () => void,
  ): Promise<Result<[words: string, answer: object]>>;
}

/** The endpoints, in the order of their numbers. */
export const ENDPOINTS: readonly GradioEndpoint[] = [
  {
    name: "estimate",
    description:
      "Will it fit? The peak GPU memory of training or serving a model.",
    parameters: PARAMETERS,
    returns: ["Verdict", "Estimate"],
    answer: async ({ input }, hub) => {
      const result = await estimateOnHub(input, hub);
      if (!result.ok) return result;
      const { fit, ...rest } = result.value;
      return {
        ok: true,
        value: [verdictOf(result.value), { ...rest, fit: fit.slice(0, 1) }],
      };
    },
  },
  {
    name: "advice",
    description:
      "What would make it fit: changes with their peak and price, and what is enough together.",
    parameters: PARAMETERS,
    returns: ["In a sentence", "Advice"],
    answer: async ({ input }, hub, step) => {
      const result = await adviceOnHub(input, hub, step);
      return result.ok
        ? { ok: true, value: [adviceSentence(result.value), result.value] }
        : result;
    },
  },
  {
    name: "largest",
    description:
      "The largest value of a field that fits: the batch, a length, a rank, users; of parallel.gpus the fewest.",
    parameters: [
      ...PARAMETERS.slice(0, 1),
      FIELD_PARAMETER,
      ...PARAMETERS.slice(1),
    ],
    returns: ["In a sentence", "Largest"],
    answer: async ({ input, beside }, hub, step) => {
      const field = beside[FIELD_PARAMETER.name];
      const result = await largestOnHub(input, field, hub, step);
      if (!result.ok) return result;
      const { name, value, sentences } = largestWords(result.value);
      return {
        ok: true,
        value: [[`${name}: ${value}.`, ...sentences].join(" "), result.value],
      };
    },
  },
];
