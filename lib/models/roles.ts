import type { ModelPiece, Role, Tensor } from "./tensors/tensor.ts";
import { copiesOf, elementsOf } from "./tensors/tensor.ts";

/** The parameters of one kind in a model. */
export interface RoleCount {
  /** What they are for, in words. */
  role: string;
  /** How many tensors. */
  tensors: number;
  parameters: number;
}

const ROLES: Record<Role, string> = {
  embedding: "embedding",
  position: "position embedding",
  q: "attention query",
  k: "attention key",
  v: "attention value",
  qkv: "attention query, key and value",
  o: "attention output",
  attention: "attention, other",
  norm: "norm",
  gate: "MLP gate",
  up: "MLP up",
  gate_up: "MLP gate and up",
  down: "MLP down",
  router: "router",
  ssm: "state space",
  conv: "convolution",
  projector: "projector",
  head: "head",
  other: "other",
};

/** Pieces that are counted whole, whatever their tensors do inside. */
const PIECES: Partial<Record<ModelPiece, string>> = {
  vision_tower: "vision tower",
  audio_tower: "audio tower",
  projector: "projector",
};

/** Sums a model's parameters by role, in the order in which roles occur. */
export function rolesOf(tensors: readonly Tensor[]): RoleCount[] {
  const counts = new Map<string, RoleCount>();
  for (const tensor of tensors) {
    const role = roleOf(tensor);
    const count = counts.get(role) ?? { role, tensors: 0, parameters: 0 };
    const copies = copiesOf(tensor);
    count.tensors += copies;
    count.parameters += copies * elementsOf(tensor);
    counts.set(role, count);
  }
  return [...counts.values()];
}

function roleOf({ piece, role, expert }: Tensor): string {
  const whole = PIECES[piece];
  if (whole) return whole;
  return expert ? ROLES[role].replace("MLP", "expert") : ROLES[role];
}
