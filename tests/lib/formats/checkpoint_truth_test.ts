import { assertEquals } from "@std/assert";
import { copiesOf } from "../../../lib/models/tensors/tensor.ts";
import truth from "../../truth/serving/checkpoint.json" with { type: "json" };
import { checkpointOf } from "./stored.ts";

/** What is meant by "fp8" alone depends on who released it: the layout is named. */
function layoutOf(id: string, asked: string): string {
  if (asked !== "fp8") return asked;
  return id.includes("block") ? "fp8-block" : "fp8-channel";
}

for (const { id, scenario, bytes, parts } of truth) {
  Deno.test(`${id} is stored in ${bytes} bytes`, () => {
    const asked = scenario.quantization.weights;
    const checkpoint = checkpointOf({
      ...scenario,
      quantization: {
        ...scenario.quantization,
        weights: layoutOf(id, asked),
      },
    });
    assertEquals(checkpoint.bytes, bytes);
    const summed = Object.values(parts).reduce((sum, part) => sum + part, 0);
    assertEquals(summed, bytes, "the parts of the truth");
    const plain = [...checkpoint.tensors, ...checkpoint.buffers]
      .filter(({ packing }) => packing === null)
      .reduce(
        (sum, { tensor, pieces }) =>
          sum + copiesOf(tensor) * (pieces[0]?.bytes ?? 0),
        0,
      );
    const named: Record<string, number> = parts;
    assertEquals(
      plain,
      (named["16 bits"] ?? 0) + (named["router"] ?? 0) + (named["fp32"] ?? 0),
      "what is not packed",
    );
  });

  Deno.test(`${id} is within 0.05 % as it is asked`, () => {
    const { bytes: stored } = checkpointOf(scenario);
    const error = Math.abs(stored / bytes - 1);
    assertEquals(error <= 0.0005, true, `${stored} of ${bytes}`);
  });
}
