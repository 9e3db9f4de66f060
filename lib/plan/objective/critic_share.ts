import type { Buffer } from "../../play/program/buffer.ts";
import { besideBuffer } from "../beside.ts";
import type { CriticShare, HeldSide } from "./objective_plan.ts";

/** What of a critic stands throughout. */
export function criticStanding({ stands }: CriticShare): Buffer[] {
  return stands.map(({ part, label, bytes }) =>
    besideBuffer(part, label, bytes)
  );
}

/** The critic's own update, which is over before the policy's begins. */
export function criticUpdate({ updates }: CriticShare): HeldSide {
  return {
    name: "critic",
    when: "rollout",
    holds: false,
    isOutside: false,
    takes: updates,
  };
}

/** What is said of it. */
export const CRITIC_WORDS =
  "train.critic: it is trained by itself, before the policy, as verl and OpenRLHF have it, on as many sequences of a micro-batch; its weights and optimizer states stand throughout. TRL's PPOTrainer has both models' activations at once";
