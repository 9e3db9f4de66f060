import { ggufOfFile } from "../reading/serving/gguf_names.ts";
import { refusedBy } from "../writing/command.ts";
import { DraftBuilder } from "../writing/draft_builder.ts";
import type { ExportFormat } from "../writing/exported.ts";
import { ggufFileOf } from "../writing/gguf_files.ts";

/** ollama's Modelfile. */
export const ollamaExport: ExportFormat = {
  id: "ollama",
  title: "ollama's Modelfile",
  file: "Modelfile",
  syntax: "modelfile",
  write: (values) =>
    Object.entries(values).map(([name, value]) => `${name} ${value}\n`).join(
      "",
    ),
  refuses: (scenario) => refusedBy(scenario, "llama.cpp"),
  draft: (scenario) => {
    const { serve } = scenario;
    const builder = new DraftBuilder();
    const { name, saysWeights } = ggufFileOf(scenario);
    builder.put("FROM", `./${name}`).says("task", "serve.engine")
      .note("FROM is the path of its GGUF");
    if (ggufOfFile(name).model === scenario.model) builder.says("model");
    if (saysWeights) builder.says("quantization.weights");
    const put = (parameter: string, value: unknown, path: string): void => {
      if (typeof value === "number") {
        builder.put(`PARAMETER ${parameter}`, value, path);
      }
    };
    put("num_ctx", serve.cache_tokens, "serve.cache_tokens");
    if (serve.cache_tokens === null) {
      // Left out, it is 4,096 whatever is asked.
      builder.put(
        "PARAMETER num_ctx",
        serve.input_tokens + serve.output_tokens,
      ).note("num_ctx is what one of the scenario's sequences takes");
    }
    put("num_batch", serve.ubatch_tokens, "serve.ubatch_tokens");
    put("num_gpu", serve.gpu_layers, "serve.gpu_layers");
    if (serve.slots === 1) builder.says("serve.slots");
    return builder.build();
  },
};
