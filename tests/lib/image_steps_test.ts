import { assertEquals } from "@std/assert";
import steps from "../truth/image_steps.json" with { type: "json" };
import type { HeldStep } from "./held_steps.ts";
import { assertHeldSteps } from "./held_steps.ts";

/**
 * SmolVLM's traces hand a mask of whole tiles to the tower's flash kernel, which
 * drops padding out of copies; on a GPU the code sees that nothing is hidden, and
 * hands none.
 */
const KNOWN = {
  "smolvlm full bf16, 1 image 768x1024: forward": 0.017,
  "smolvlm full bf16, 1 image 768x1024: backward_start": 0.018,
  "smolvlm full bf16, 1 image 768x1024: backward": 0.017,
  "smolvlm lora all-linear ckpt, 2 images 768x1024: backward": 0.022,
};

Deno.test("traced steps with images are reached phase by phase", () => {
  const all = steps as unknown as HeldStep[];
  assertEquals(all.length, 55);
  assertHeldSteps(all, KNOWN);
});
