import type { DeltaSizes } from "./gated_delta.ts";
import type { LatentWidths } from "./latent.ts";
import type { MambaWidths } from "./mamba.ts";
import type { Routed } from "./mlp.ts";

/** The sizes of a model's unusual pieces, which its config tells. */
export interface GraphSizes {
  readonly latent: LatentWidths | null;
  readonly mamba: MambaWidths | null;
  readonly delta: DeltaSizes | null;
  readonly routed: Routed;
}
