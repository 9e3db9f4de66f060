import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";

/**
 * Quantisers of torchtune's QAT recipes, and the elements that they give a scale.
 *
 * Source: meta-pytorch/torchtune torchtune/training/quantization.py; pytorch/ao
 * torchao/quantization/qat/linear.py
 */
const QUANTIZERS: Readonly<Record<string, "int8-int4" | "int4">> = {
  Int8DynActInt4WeightQATQuantizer: "int8-int4",
  Int8DynActInt4WeightQATQuantizerModuleSwap: "int8-int4",
  Int4WeightOnlyQATQuantizer: "int4",
  Int4WeightOnlyQATQuantizerModuleSwap: "int4",
};

/** What each gives a scale where nothing is said. */
const GROUP = 256;

/** Rounding in training; quantisers of what is trained already change nothing. */
export const QUANTIZER_RULES: readonly Rule[] = [
  {
    keys: ["quantizer._component_"],
    fields: ["quantization.qat", "quantization.group_size"],
    values: "…Int8DynActInt4WeightQATQuantizer → int8-int4",
    read: (setting, draft, all) => {
      const component = plainText(setting.value);
      const name = component.split(".").at(-1) ?? component;
      const how = Object.hasOwn(QUANTIZERS, name) ? QUANTIZERS[name] : null;
      if (!how) {
        return draft.leave(
          setting,
          "no quantiser of a QAT recipe that is known",
          true,
        );
      }
      draft.state(setting, "quantization.qat", how);
      if (!all.has("quantizer.groupsize")) {
        draft.assume(
          "quantization.group_size",
          GROUP,
          `quantizer.groupsize is ${GROUP} by default`,
        );
      }
    },
  },
  {
    keys: ["quantizer.groupsize"],
    fields: ["quantization.group_size"],
    read: (setting, draft) =>
      draft.state(setting, "quantization.group_size", setting.value),
  },
  {
    keys: ["fake_quant_after_n_steps"],
    fields: [],
    read: (setting, draft) =>
      draft.leave(setting, "steps from then on are estimated"),
  },
];
