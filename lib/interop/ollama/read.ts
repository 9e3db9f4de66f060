import type { Document } from "../reading/document.ts";
import type { Format, Rule } from "../reading/format.ts";
import { anyKeyOf } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import { unexpressed } from "../reading/rules.ts";
import { stateGguf } from "../reading/serving/gguf_names.ts";
import { assumeServed, countRule } from "../reading/serving/rules.ts";
import type { ServingSource } from "../reading/serving/source.ts";
import { runCommand } from "./command.ts";
import { readSwitch } from "../reading/values.ts";
import { ollamaModel } from "./names.ts";

/** A line of a Modelfile: an instruction, and what stands behind it. */
const LINE = /^\s*([A-Za-z]+)[^\S\n]+(.*)$/;
const INSTRUCTIONS =
  /^(?:from|parameter|template|system|adapter|license|message|requires|renderer|parser|draft)$/i;

/**
 * A Modelfile's instructions, and its parameters by their own names. Texts between
 * three quotes are passed over.
 *
 * Source: ollama/ollama parser/parser.go
 */
function parse(source: ServingSource): Document | null {
  const run = runCommand(source);
  if (run) return run;
  if (!source.isWritten || !source.lines.some((line) => FROM.test(line))) {
    return null;
  }
  const values: Record<string, unknown> = Object.create(null);
  let isQuoted = false;
  for (const line of source.lines) {
    const wasQuoted = isQuoted;
    if (line.split('"""').length % 2 === 0) isQuoted = !isQuoted;
    if (wasQuoted || /^\s*(?:#|$)/.test(line)) continue;
    const [, instruction = "", rest = ""] = LINE.exec(line) ?? [];
    // What no Modelfile has is some other file's.
    if (!INSTRUCTIONS.test(instruction)) return null;
    put(values, instruction.toLowerCase(), rest.trim());
  }
  return { kind: "own", values, comments: "", notes: [] };
}

const FROM = /^\s*FROM[^\S\n]+\S/i;

function put(
  values: Record<string, unknown>,
  instruction: string,
  rest: string,
): void {
  if (instruction !== "parameter") {
    values[instruction] = rest.slice(0, 1000);
    return;
  }
  const [name = "", ...words] = rest.split(/\s+/);
  values[`parameter.${name.toLowerCase()}`] = words.join(" ").slice(0, 1000);
}

const RULES: readonly Rule[] = [
  {
    keys: ["from"],
    fields: ["model", "quantization.weights"],
    values: "a name of the library, a repository of the Hub, a GGUF",
    read: (setting, draft) =>
      stateGguf(setting, draft, ollamaModel(plainText(setting.value))),
  },
  countRule(["parameter.num_ctx"], "serve.cache_tokens"),
  countRule(["parameter.num_batch"], "serve.ubatch_tokens"),
  {
    keys: ["parameter.num_gpu"],
    fields: ["serve.gpu_layers"],
    values: "-1 → ollama's own",
    read: (setting, draft) => {
      const count = Number(plainText(setting.value));
      if (count === -1) draft.leave(setting, "left to the engine");
      else if (Number.isSafeInteger(count) && count >= 0) {
        draft.state(setting, "serve.gpu_layers", count);
      } else draft.refuse(setting, "must be a whole number");
    },
  },
];

/** What the environment says: ollama/ollama envconfig/config.go. */
const ENVIRONMENT_RULES: readonly Rule[] = [
  {
    keys: ["kv_cache_type"],
    fields: ["serve.kv_dtype"],
    values: "f16, q8_0, q4_0",
    read: (setting, draft) => {
      const type = plainText(setting.value).toLowerCase();
      if (type === "q8_0" || type === "q4_0") {
        draft.state(setting, "serve.kv_dtype", type);
      } else if (type === "f16") draft.leave(setting, "as is estimated");
      else draft.refuse(setting, "must be f16, q8_0 or q4_0");
    },
  },
  {
    keys: ["flash_attention"],
    fields: ["serve.flash_attention"],
    values: "1 → on, 0 → off",
    read: (setting, draft) => {
      const on = readSwitch(setting.value);
      if (on === null) draft.refuse(setting, "must be 1 or 0");
      else draft.state(setting, "serve.flash_attention", on ? "on" : "off");
    },
  },
  countRule(["num_parallel"], "serve.slots"),
];

/** ollama's own choices where a Modelfile says nothing, for cards below 23 GiB. */
const USUAL_CONTEXT = 4096;
const USUAL_BATCH = 512;

/** ollama's Modelfile, or `ollama run`; its runner is llama.cpp with other defaults. */
export const ollamaModelfile: Format = {
  id: "ollama",
  title: "ollama's Modelfile",
  kind: "own",
  serves: true,
  recognises: () => false,
  parse,
  rules: [...RULES, ...ENVIRONMENT_RULES],
  unexpressed: [
    unexpressed(["adapter"], "an adapter's own tensors have no field"),
    unexpressed(["draft"], "a draft's own GGUF has no field"),
    unexpressed(["parameter.main_gpu"], "no field says it"),
  ],
  neutral: [
    anyKeyOf()`
      template system license message requires renderer parser
      parameter\.(?:temperature|top_|min_p|typical|repeat|presence|frequency)
      parameter\.(?:seed|stop|num_predict|num_keep|num_thread|mirostat|tfs_z)
      parameter\.(?:use_mmap|use_mlock|numa|penalize|low_vram|f16_kv)
      parameter\.(?:vocab_only|logits_all|draft_num)
    `,
  ],
  finish: (draft) => {
    assumeServed(draft, "ollama");
    draft.assume("serve.engine", "llama.cpp", "ollama runs llama.cpp");
    draft.assume("serve.slots", 1, "OLLAMA_NUM_PARALLEL is 1 by default");
    if (draft.valueAt("serve.cache_tokens") === undefined) {
      draft.assume(
        "serve.cache_tokens",
        USUAL_CONTEXT,
        "ollama takes 4,096 below 23 GiB of GPU memory, 32,768 from there, 262,144 from 47 GiB",
      );
    }
    if (draft.valueAt("serve.ubatch_tokens") === undefined) {
      draft.assume("serve.ubatch_tokens", USUAL_BATCH, "num_batch is 512");
    }
  },
};
