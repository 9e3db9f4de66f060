import type { ServingProgram } from "../reading/serving/start_command.ts";
import { isProgram, pythonModuleAt } from "../reading/serving/start_command.ts";

/** vLLM's server, by its command, its module or its image. */
export const VLLM: ServingProgram = {
  engine: "vllm",
  image: /vllm|huggingfaceserver/i,
  namedAt: (words, at) =>
    isProgram(words[at], "vllm") && words[at + 1] === "serve"
      ? 2
      : pythonModuleAt(words, at, [
        "vllm.entrypoints.openai.api_server",
        "vllm.entrypoints.api_server",
      ]),
};
