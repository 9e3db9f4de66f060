import { headKindOf } from "../../models/heads/model_head.ts";
import { SAVED_COPY } from "../../models/lora/names.ts";
import { savedHeads } from "../../models/heads/saved_heads.ts";
import type { Step } from "../../engines/step.ts";

/** What is taken for the loss of a class's head, and for what trains of it. */
export function headChoices(
  { plan: { classHead, model, inventory, scenario: { train } } }: Step,
): string[] {
  const saved = train.method === "full" ? [] : savedHeads(
    model,
    train.lora.targets,
  ).filter((head) =>
    inventory.trained.some(({ name }) =>
      name.includes(`${head}.`) && name.endsWith(SAVED_COPY)
    )
  );
  return [
    ...(classHead ? [`The loss is ${classHead.task}`] : []),
    ...(saved.length === 0 ? [] : [
      `${
        saved.join(", ")
      } trains as a copy beside the adapters: LoraConfig's task_type is taken to be that of the model's class`,
    ]),
  ];
}

/** What of a scenario a class's head does not heed, or does not tell. */
export function headWarnings(
  { plan: { classHead, model, scenario: { train } } }: Step,
): string[] {
  if (!classHead) return [];
  return [
    ...(train.loss === "full" ? [] : [
      `train.loss ${train.loss} has no effect: the model's class gives no logits of a vocabulary`,
    ]),
    ...(headKindOf(model) === "none" && train.objective !== "embedding"
      ? [
        "The model's class has no head and takes no loss: what a trainer makes of its hidden states is not known, and one token of each sequence is assumed",
      ]
      : []),
  ];
}
