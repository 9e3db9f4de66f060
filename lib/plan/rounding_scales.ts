import { copiesOf } from "../models/tensors/tensor.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { Buffer } from "../play/program/buffer.ts";
import type { Scenario } from "../scenario/schema.ts";
import { linearsOf } from "../software/torchao/linears.ts";
import { besideBuffer, ROUNDING_SCALES } from "./beside.ts";
import type { Item } from "./inventory.ts";

/** Bytes of a scale and of a zero point: fp32 and int32. */
const POINT = 4;

/**
 * What quantisation-aware training's modules keep of the last pass: scales and zero
 * points of weights by group, and of inputs by token.
 *
 * Source: pytorch/ao torchao/quantization/qat/fake_quantizer.py, IntxFakeQuantizer
 */
export function roundingScales(
  scenario: Scenario,
  items: readonly Item[],
  rows: number,
): Buffer[] {
  const how = linearsOf(scenario);
  if (how?.kind !== "fake") return [];
  const inputs = how.activations ? 2 * roundedBytes(POINT * rows) : 0;
  const bytes = items.reduce((sum, { tensor }) => {
    const [out = 1, width = 1] = tensor.shape;
    const group = how.group < 0 ? width : how.group;
    return tensor.layers === null || tensor.module !== "linear" ||
        tensor.shape.length !== 2 || width % group !== 0
      ? sum
      : sum + copiesOf(tensor) *
          (2 * roundedBytes(POINT * out * width / group) + inputs);
  }, 0);
  return [besideBuffer("buffers", ROUNDING_SCALES, bytes)]
    .filter(({ bytes }) => bytes > 0);
}
