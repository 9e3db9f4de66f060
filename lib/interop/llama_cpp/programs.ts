import type { ServingProgram } from "../reading/serving/start_command.ts";
import { isProgram } from "../reading/serving/start_command.ts";

/** llama.cpp's server, by its command or its image. */
export const LLAMA_SERVER: ServingProgram = {
  engine: "llama.cpp",
  image: /llama\.cpp:(?:server|full)/i,
  namedAt: (words, at) =>
    isProgram(words[at], "llama-server") ||
      isProgram(words[at], "llama-server.exe")
      ? 1
      : 0,
};

/** Its command line, which makes logits of every position. */
export const LLAMA_CLI: ServingProgram = {
  engine: "llama.cpp",
  image: null,
  namedAt: (words, at) =>
    ["llama-cli", "llama-cli.exe", "llama-completion", "llama-run"].some((
        name,
      ) => isProgram(words[at], name)
      )
      ? 1
      : 0,
};
