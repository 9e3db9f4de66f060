import { OPTIMIZERS } from "../scenario/optimizers.ts";
import type { OptimizerName } from "../scenario/optimizers.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Speller, Spelling, Spellings } from "./record.ts";
import { RECORDS } from "./records/mod.ts";

/** An optimizer by a name that some tool has for it. */
export interface Spelled extends Spelling {
  readonly name: OptimizerName;
}

const BY_SPELLING: ReadonlyMap<string, Spelled> = new Map(
  OPTIMIZERS.flatMap((name) =>
    Object.values(RECORDS[name].spellings).flatMap((spellings) =>
      Object.entries(spellings).map(([spelled, says]) =>
        [spelled.toLowerCase(), { name, ...says }] as const
      )
    )
  ),
);

/** An optimizer by its name in the tools; null where no Scenario has it. */
export function findOptimizer(spelled: string): Spelled | null {
  const key = spelled.toLowerCase().replace(/^optimizernames\./, "");
  return BY_SPELLING.get(key) ?? null;
}

/**
 * What a tool calls an optimizer; null where it has no name for it as it is set.
 * A name that does not say "fused" stands for every other implementation.
 *
 * @param spellers Whose names the tool takes, the ones to prefer first.
 */
export function spellingOf(
  optimizer: Scenario["optimizer"],
  spellers: readonly Speller[],
): string | null {
  const { spellings } = RECORDS[optimizer.name];
  for (const speller of spellers) {
    const all: Spellings = spellings[speller] ?? {};
    for (const [spelled, says] of Object.entries(all)) {
      if (saysSettings(says, optimizer)) return spelled;
    }
  }
  return null;
}

function saysSettings(
  says: Spelling,
  { bits, paged, in_backward, implementation }: Scenario["optimizer"],
): boolean {
  return (says.bits ?? 32) === bits && (says.paged ?? false) === paged &&
    (says.in_backward ?? false) === in_backward &&
    (says.implementation === "fused") === (implementation === "fused");
}
