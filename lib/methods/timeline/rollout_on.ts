import type { Step } from "../../engines/step.ts";
import type { Gpu } from "../../hardware/gpus.ts";
import { usableBytes } from "../../hardware/gpus.ts";

/** What a vLLM that generates beside training makes another GPU hold, in bytes. */
interface RolloutOn {
  /** What stands throughout beyond what the scenario's own GPU holds, or less. */
  readonly throughout: number;
  /** While completions are made, where it sleeps meanwhile; else 0. */
  readonly generating: number;
}

/**
 * vLLM is given a share of whichever GPU it finds, and its cache fills what weights
 * leave of that.
 */
export function rolloutOn(
  { plan: { scenario, objective }, beside }: Step,
  gpu: Gpu,
): RolloutOn {
  const given = objective?.share ?? null;
  if (given === null || given.weights === 0) {
    return { throughout: 0, generating: 0 };
  }
  const own = usableBytes(scenario.hardware.gpu);
  const wider = Math.round(given.share * (gpu.usable_bytes - own));
  const more = Math.max(-given.cache, wider);
  if (!given.sleeps) return { throughout: more, generating: 0 };
  const making = beside.find(({ name }) => name === "generation");
  return { throughout: 0, generating: (making?.bytes ?? 0) + more };
}
