import type { Step } from "../../engines/step.ts";
import { isBlind } from "../../plan/unreached.ts";

/** What images are taken for. */
export function sight({ plan }: Step): string[] {
  const { vision, scenario } = plan;
  if (!vision) return unseen(plan);
  const { images_per_sample: images, micro_batch: batch } = scenario.train;
  const tokens = vision.tokens / (images * batch);
  const others = Math.round(vision.others / (images * batch));
  const beside = others === 0 ? "" : ` and ${others} beside them`;
  if (scenario.train.video_frames > 0) {
    return [
      `Videos of ${scenario.train.video_frames} frames of train.image_size take ${tokens} tokens each${beside}, within train.sequence_length, by the processor's own settings`,
    ];
  }
  return [
    vision.readsSize
      ? `Images of train.image_size take ${tokens} tokens each${beside}, within train.sequence_length, by the processor's own settings`
      : `Images are resized to the tower's own size, so train.image_size is not used: ${tokens} tokens each${beside}, within train.sequence_length`,
  ];
}

/** What a step without images leaves out of a model that could see them. */
function unseen(plan: Step["plan"]): string[] {
  return isBlind(plan.model, plan)
    ? [
      "No sample has images, so that nothing reaches the model's tower: it is loaded, and has neither gradients nor optimizer states",
    ]
    : [];
}
