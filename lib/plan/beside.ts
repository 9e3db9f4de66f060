import type { PartName } from "../answer/parts.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { Buffer, Group } from "../play/program/buffer.ts";
import { bufferOf } from "../play/program/buffer.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { ModelCode } from "../software/model_code.ts";
import type { EncoderPlan } from "./encoders/encoder_plan.ts";
import type { VisionPlan } from "./vision_plan.ts";

/** What stands beside a model's parameters: its buffers, and what the batch holds. */
export function besideOf(
  code: ModelCode,
  vision: VisionPlan | null,
  encoders: EncoderPlan | null,
): Buffer[] {
  return [
    besideBuffer("buffers", "buffers", code.bufferBytes()),
    ...(code.kept?.().map(({ part, label, bytes }) =>
      besideBuffer(part, label, bytes)
    ) ?? pixelsOf(vision)),
    ...soundOf(encoders),
  ].filter(({ bytes }) => bytes > 0);
}

/** A buffer of one storage that stands beside the parameters. */
export function besideBuffer(
  part: PartName,
  label: string,
  bytes: number,
): Buffer {
  const group: Group = { part, label, count: 1, elements: null };
  return bufferOf(label, [{ group, bytes: roundedBytes(bytes) }]);
}

/** What the pixels of a batch are called. */
export const PIXELS = "pixels";

/** What rounding modules keep of the last pass is called. */
export const ROUNDING_SCALES = "scales of rounding";

/** The batch holds its pixels throughout the step. */
function pixelsOf(vision: VisionPlan | null): Buffer[] {
  if (!vision) return [];
  const { pixels: { elements, dtype }, batchBytes = 0 } = vision;
  const bytes = elements * DTYPE_BYTES[dtype] + batchBytes;
  return [besideBuffer("inputs", PIXELS, bytes)];
}

/** The same of features of sound. */
function soundOf(encoders: EncoderPlan | null): Buffer[] {
  if (!encoders || "table" in encoders.encoder.entry) return [];
  const { batch, entry } = encoders.encoder;
  const { mels, frames, dtype } = entry;
  const bytes = batch * mels * frames * DTYPE_BYTES[dtype];
  return [besideBuffer("inputs", "features of the sound", bytes)];
}
