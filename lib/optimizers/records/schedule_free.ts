import type { Kin } from "../record.ts";
import { like, ruleOf, times } from "../rule.ts";

/** What Adam's kin keep and take while they step. */
const OF_ADAM = ruleOf({
  states: like(2),
  foreach: times(1),
  own: times(1),
  kept: times(1),
  implementations: ["foreach"],
  usual: "foreach",
});

/** facebookresearch/schedule_free, as its package schedulefree was traced. */
export const SCHEDULE_FREE = {
  "schedule-free-adamw": {
    rule: OF_ADAM,
    spellings: {
      transformers: { schedule_free_adamw: {} },
      classes: { AdamWScheduleFree: {} },
    },
  },
  // Its first four steps, whose variance is not rectified, take nothing.
  "schedule-free-radam": {
    rule: OF_ADAM,
    spellings: {
      transformers: { schedule_free_radam: {} },
      classes: { RAdamScheduleFree: {} },
    },
  },
  "schedule-free-sgd": {
    rule: ruleOf({
      states: like(1),
      implementations: ["foreach"],
      usual: "foreach",
    }),
    spellings: {
      transformers: { schedule_free_sgd: {} },
      classes: { SGDScheduleFree: {} },
    },
  },
} satisfies Kin;
