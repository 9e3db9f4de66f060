import { communicatorBytes } from "../hardware/communicators.ts";
import type { Mesh } from "../parallel/mesh.ts";
import type { Scenario } from "../scenario/schema.ts";
import { GIB } from "../units/mod.ts";
import { contextOf } from "./context.ts";
import type { ServingGpu } from "./engine.ts";

/**
 * What process groups take even where one rank talks to nobody: SGLang prints
 * "Init torch distributed ends. mem usage=0.09 GB" on H100, RTX 4090 and A100.
 */
const ALONE_GIB = 0.09;

/**
 * What a rank holds outside of its engine's own buffers: the context, and a
 * communicator for each way that the model is cut.
 */
export function outsideOf(
  scenario: Pick<Scenario, "overheads">,
  { tp, pp }: Pick<Mesh, "tp" | "pp">,
  card: ServingGpu,
): number {
  const { communication_gib: given } = scenario.overheads;
  const talk = given !== null
    ? Math.round(given * GIB)
    : tp * pp === 1
    ? Math.round(ALONE_GIB * GIB)
    : communicatorBytes(card.gpu, tp) + communicatorBytes(card.gpu, pp);
  return contextOf(scenario, card) + talk;
}
