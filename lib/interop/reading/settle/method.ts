import type { Merged } from "./merged.ts";
import { mergedValueAt } from "./merged.ts";

/** Adapters over 4-bit weights are QLoRA; over others LoRA. */
export function settleMethod(merged: Merged): void {
  const { stated, facts, assumed } = merged;
  const quantized = mergedValueAt(merged, "quantization.weights");
  const fourBits = /^(?:nf4|nf4-dq|gptq-int4|awq-int4|hqq-int4|int4)$/.test(
    String(quantized),
  );
  const stays = stated.get("train.method")?.value;
  if (stays === "full" || stays === "lora" || stays === "qlora") {
    if (stays === "lora" && fourBits) {
      stated.set("train.method", {
        value: "qlora",
        key: stated.get("train.method")?.key ?? "",
      });
    }
    return;
  }
  const adapters = facts.get("adapters");
  if (adapters) {
    stated.set("train.method", {
      value: adapters.value ? fourBits ? "qlora" : "lora" : "full",
      key: adapters.key,
    });
  } else if (fourBits || quantized === "int8") {
    assumed.set("train.method", {
      value: fourBits ? "qlora" : "lora",
      reason: "quantized weights train by adapters alone",
    });
  } else if (assumed.get("train.method")?.value !== "lora") {
    assumed.delete("train.method");
  }
}

/** A tool's defaults for adapters mean nothing where there are none. */
export function dropUnused(merged: Merged): void {
  const method = mergedValueAt(merged, "train.method");
  const adapted = method === "lora" || method === "qlora";
  const unused = [...merged.assumed.keys()].filter((path) =>
    path === "quantization.kbit_upcast"
      ? mergedValueAt(merged, "quantization.weights") === undefined
      : path.startsWith("train.lora.") && !adapted
  );
  for (const path of unused) merged.assumed.delete(path);
}
