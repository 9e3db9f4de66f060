import { toInput } from "../../lib/mod.ts";
import { explainOnHub } from "../asked.ts";
import type { Tool } from "./tool.ts";
import { objectOf } from "./tool.ts";

/** The tool that reads an error of memory. */
export const explainTool: Tool = {
  name: "explain_error",
  title: "Explain an out-of-memory error",
  description:
    "Reads an out-of-memory error, a server's refusal, nvidia-smi's table, a memory_summary or a memory snapshot as JSON: what was asked for and free, who had the rest, which tensor has that size and when it is made, what to do next, and which changes of the scenario would have fitted. Paste the whole stack, and give what is known of the run as scenario.",
  input: objectOf({
    text: { type: "string", description: "the error as it was printed" },
    scenario: {
      type: "object",
      description:
        "what is known of the run: estimate_memory's arguments, which win over what the text says",
    },
  }, ["text"]),
  answer: async ({ text, scenario }, hub) => {
    const result = await explainOnHub(text, scenario, hub);
    if (!result.ok) return result;
    const { scenario: own, ...rest } = result.value;
    return {
      ok: true,
      value: { ...rest, scenario: own && toInput(own) },
    };
  },
};
