import type { Dtype } from "./dtype.ts";
import type { LinearHow } from "./linear_how.ts";
import type { GradientSettings } from "./parameter_gradients.ts";
import type { OffloadHow } from "./saved_offload.ts";

/** How a machine runs. */
export interface MachineSettings extends Partial<GradientSettings> {
  autocast?: Dtype | null;
  /** Whether memory that kernels take inside themselves is counted too. */
  workspaces?: boolean;
  /** Whether autocast keeps its copies of weights; of views of them it does not. */
  cachesCasts?: boolean;
  /** Whether autograd remembers what runs; code under no_grad keeps nothing. */
  records?: boolean;
  /** Whether linear layers save their input though their weight is frozen. */
  savesInputs?: boolean;
  /** How linear layers run; null: as torch's own. */
  linears?: LinearHow | null;
  /** How saved tensors wait on the host; null: they stay. */
  offload?: OffloadHow | null;
}
