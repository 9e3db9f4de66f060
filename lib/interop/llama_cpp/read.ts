import type { Document } from "../reading/document.ts";
import type { Format } from "../reading/format.ts";
import { readCommand } from "../reading/serving/read_command.ts";
import { assumeServed } from "../reading/serving/rules.ts";
import type { ServingSource } from "../reading/serving/source.ts";
import { LLAMA_NEUTRAL, LLAMA_UNEXPRESSED } from "./left_out.ts";
import { LLAMA_CLI, LLAMA_SERVER } from "./programs.ts";
import { BINARY_KEY, LLAMA_RULES } from "./rules.ts";

/** A server's command, else one of the command line's. */
function parse(source: ServingSource): Document | null {
  const server = readCommand(source, LLAMA_SERVER, false);
  if (server) return server;
  const cli = readCommand(source, LLAMA_CLI, false);
  return cli &&
    { ...cli, values: { ...cli.values, [BINARY_KEY]: "llama-cli" } };
}

/**
 * `llama-server …` or `llama-cli …`: a command line, a compose file, or a manifest
 * of Kubernetes.
 *
 * Source: ggml-org/llama.cpp common/arg.cpp
 */
export const llamaCommand: Format = {
  id: "llama.cpp",
  title: "llama.cpp",
  kind: "own",
  serves: true,
  recognises: () => false,
  parse,
  rules: LLAMA_RULES,
  unexpressed: LLAMA_UNEXPRESSED,
  neutral: LLAMA_NEUTRAL,
  finish: (draft) => {
    assumeServed(draft, "llama.cpp");
    const shares = draft.valueAt("serve.tensor_split");
    if (Array.isArray(shares) && shares.length > 1) {
      draft.assume(
        "parallel.gpus",
        shares.length,
        "as many as it is split over",
      );
    }
  },
};
