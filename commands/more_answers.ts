import { Option } from "commander";
import type { Resolved } from "../hub/estimate.ts";
import type {
  Advice,
  Bandwidths,
  Estimate,
  Largest,
  Traffic,
} from "../lib/mod.ts";
import { advice, ASKED, largest, trafficTime } from "../lib/mod.ts";
import { readBandwidths } from "../templates/traffic/bandwidth_fields.ts";
import { UsageError } from "./usage_error.ts";

/** What can be asked beside the memory. */
export interface MoreAsked {
  advice?: boolean;
  maxBatch?: boolean;
  maxSequence?: boolean;
  largest?: string[];
  traffic?: boolean;
  nodeGbs?: string;
  networkGbs?: string;
}

/** What the answer then holds. */
export interface MoreAnswers {
  advice?: Advice;
  largest?: Largest[];
  traffic?: Traffic;
}

/** Flags for it. */
export const MORE_FLAGS: readonly Option[] = [
  new Option("--advice", "show what would make it fit, and at what price"),
  new Option("--max-batch", "find the largest batch that fits the GPU"),
  new Option("--max-sequence", "find the longest sequence or input that fits"),
  new Option(
    "--largest <field>",
    "find the largest value of any whole number that fits, such as train.lora.rank; of parallel.gpus the fewest",
  ).argParser((word: string, words: string[] = []) => [...words, word]),
  new Option("--traffic", "show what each GPU sends per optimizer step"),
  new Option("--node-gbs <GB/s>", "speed of links in a node, for --traffic"),
  new Option(
    "--network-gbs <GB/s>",
    "speed of links between nodes, per GPU, for --traffic",
  ),
];

/** Whether anything is asked for. */
export function asksMore(given: MoreAsked): boolean {
  return [
    given.advice,
    given.maxBatch,
    given.maxSequence,
    given.largest,
    given.traffic,
    given.nodeGbs,
    given.networkGbs,
  ].some((each) => each !== undefined);
}

/**
 * The links' speeds that were given.
 *
 * @throws {UsageError} When one is no speed, or traffic is not asked for.
 */
export function givenBandwidths(given: MoreAsked): Bandwidths {
  const flags: Record<string, string> = {
    node_gbs: "--node-gbs",
    network_gbs: "--network-gbs",
  };
  const texts: Record<string, string | undefined> = {
    node_gbs: given.nodeGbs,
    network_gbs: given.networkGbs,
  };
  for (const [name, text] of Object.entries(texts)) {
    if (text === undefined) continue;
    if (!given.traffic) throw new UsageError(`${flags[name]} needs --traffic`);
    if (text.trim() === "") {
      throw new UsageError(`${flags[name]} must not be empty`);
    }
  }
  const { bandwidths, problems } = readBandwidths(
    (name) => texts[name],
    (name) => flags[name] ?? name,
  );
  if (problems.length > 0) {
    throw new UsageError(problems.map(({ message }) => message).join("\n"));
  }
  return bandwidths;
}

/**
 * Answers what was asked beside the memory.
 *
 * @param estimate The scenario's estimate, with its traffic where that is asked.
 */
export function moreAnswers(
  given: MoreAsked,
  bandwidths: Bandwidths,
  { scenario, model }: Resolved,
  estimate: Estimate,
): MoreAnswers {
  const { batch, sequence } = ASKED[scenario.task];
  const fields = [
    ...(given.maxBatch ? [batch] : []),
    ...(given.maxSequence ? [sequence] : []),
    ...given.largest ?? [],
  ];
  const found = fields.flatMap((field) => {
    const result = largest(scenario, field, { model });
    if (!result.ok) {
      throw new UsageError(
        result.problems.map(({ message }) => message).join("\n"),
      );
    }
    return [result.value];
  });
  const advised = given.advice ? advice(scenario, { model }) : null;
  if (advised && !advised.ok) {
    throw new UsageError(
      advised.problems.map(({ message }) => message).join("\n"),
    );
  }
  const { traffic } = estimate;
  const isTimed = bandwidths.node !== null || bandwidths.network !== null;
  return {
    ...(advised ? { advice: advised.value } : {}),
    ...(found.length > 0 ? { largest: found } : {}),
    ...(traffic
      ? {
        traffic: isTimed
          ? { ...traffic, time: trafficTime(traffic, bandwidths) }
          : traffic,
      }
      : {}),
  };
}
