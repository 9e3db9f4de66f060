import type { Tab } from "./tab.ts";

/** Adapters. */
export const lora: Tab = {
  id: "lora",
  title: "LoRA",
  groups: [{
    title: "Adapters",
    controls: [
      { path: "train.lora.rank", label: "Rank" },
      { path: "train.lora.alpha", label: "Alpha" },
      { path: "train.lora.dropout", label: "Dropout" },
      { path: "train.lora.adapter_dtype", label: "Adapter type" },
      {
        path: "train.lora.targets",
        label: "Target modules",
        hint: "default, all-linear, or names: q_proj, v_proj",
      },
      {
        path: "train.lora.modules_to_save",
        label: "Modules to save",
        blank: "none",
        hint: "Trained whole beside the adapters",
      },
      {
        path: "train.lora.trainable_parameters",
        label: "Trainable parameters",
        blank: "counted",
        hint: "An exact count that you know wins",
      },
      {
        path: "train.lora.target_parameters",
        label: "Target parameters",
        blank: "none",
        hint: "3-D experts, such as mlp.experts.down_proj",
      },
      { path: "train.lora.bias", label: "Biases that train" },
      { path: "train.lora.dora", label: "DoRA" },
      { path: "train.lora.rslora", label: "Rank-stabilised (rsLoRA)" },
    ],
  }],
};
