import type { Step } from "../../engines/step.ts";
import { versionOf } from "../../scenario/version.ts";

/** What is taken for an encoder's lengths, its loss and its attention. */
export function encoderChoices(
  { plan: { encoders, scenario } }: Step,
): string[] {
  if (!encoders) return [];
  const { encoder, decoder, head, implementation } = encoders;
  const { train } = scenario;
  return [
    `The loss is ${head.task}`,
    ...(decoder === null ? [] : "table" in encoder.entry
      ? [
        train.target_length === null
          ? `Encoder and decoder both read train.sequence_length ${train.sequence_length} tokens, as of batches whose texts and labels are padded to one length; train.target_length says another of the decoder`
          : `The encoder reads train.sequence_length ${train.sequence_length} tokens, the decoder train.target_length ${train.target_length}`,
      ]
      : [
        `The encoder reads ${encoder.tokens} positions of sound, max_source_positions of its config; the decoder ${decoder.tokens} tokens, the lesser of ${
          train.target_length === null
            ? "train.sequence_length"
            : "train.target_length"
        } and max_target_positions`,
      ]),
    ...(implementation === train.attention ? [] : [
      `train.attention ${train.attention} does not exist for this model's biases of positions: ${implementation} is played, what ${
        versionOf(scenario.software.transformers)?.major === 4
          ? "transformers 4"
          : "transformers 5"
      } runs`,
    ]),
  ];
}

/** What of an encoder's scenario cannot be, or is not known. */
export function encoderWarnings(
  { plan }: Step,
): string[] {
  const { encoders, scenario } = plan;
  if (!encoders) return [];
  const { encoder, decoder, family } = encoders;
  const { train, precision } = scenario;
  const short = [encoder, decoder].flatMap((stack) => {
    if (!stack || !("table" in stack.entry)) return [];
    const rows = stack.entry.positions?.shape[0] ?? Infinity;
    const asked = stack === decoder && train.target_length !== null
      ? "train.target_length"
      : "train.sequence_length";
    return stack.tokens > rows ? [{ rows, asked, of: stack.tokens }] : [];
  })[0];
  return [
    ...(short === undefined ? [] : [
      `${short.asked} ${short.of} is more than the ${short.rows} positions that the model has: its code would stop`,
    ]),
    ...(train.checkpointing === "none" || family.checkpoints ? [] : [
      `train.checkpointing ${train.checkpointing}: transformers' classes of type ${plan.model.architecture.type} take no checkpoints, and its code would stop`,
    ]),
    ...(train.kernels === "liger"
      ? [
        "train.kernels liger has no effect: it has no kernels for this model's code",
      ]
      : []),
    ...(train.loss === "full" ? [] : [
      `train.loss ${train.loss} has no effect: this model's code takes its loss of all logits at once`,
    ]),
    ...(family.norm === "t5" && precision.weights === "fp16"
      ? [
        "precision.weights fp16: transformers keeps T5's last projections in fp32, which is not counted",
      ]
      : []),
  ];
}
