import type { ServingProgram } from "../reading/serving/start_command.ts";
import { isProgram, pythonModuleAt } from "../reading/serving/start_command.ts";

/** SGLang's server, by its module, its command or its image. */
export const SGLANG: ServingProgram = {
  engine: "sglang",
  image: /sglang/i,
  namedAt: (words, at) =>
    isProgram(words[at], "sglang") && words[at + 1] === "serve"
      ? 2
      : isProgram(words[at], "sglang-launch-server")
      ? 1
      : pythonModuleAt(words, at, [
        "sglang.launch_server",
        "sglang.srt.launch_server",
      ]),
};
