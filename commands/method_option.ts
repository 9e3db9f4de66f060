import { Option } from "commander";
import { describeField } from "../lib/mod.ts";

/** `--method`, with the methods that a Scenario can ask for. */
export function methodOption(): Option {
  const field = describeField("method");
  const option = new Option(
    "--method <name>",
    "the way to estimate (timeline)",
  );
  return field.kind === "choice" ? option.choices(field.options) : option;
}
