import type { Draft, FileSetting } from "../reading/draft.ts";
import { plainText } from "../reading/plain_text.ts";

/**
 * A file of DeepSpeed that is named and not given: its name often tells the
 * stage and what is offloaded, as the examples of LLaMA-Factory, Axolotl and
 * transformers do.
 */
export function stateDeepspeedFile(setting: FileSetting, draft: Draft): void {
  const name = plainText(setting.value);
  draft.state(setting, "engine.name", "deepspeed");
  const file = name.split(/[\\/]/).at(-1) ?? name;
  const stage =
    file.match(/(?:^|[^a-z0-9])(?:z|zero)[-_]?(?:stage)?[-_]?([0-3])/i)
      ?.[1] ?? file.match(/stage[-_]?([0-3])/i)?.[1];
  const reason = `${setting.key} names the file ${file.slice(0, 80)}`;
  if (stage === undefined) {
    draft.want({
      kind: "file",
      name: file.slice(0, 200),
      paths: ["engine.zero_stage"],
      key: setting.key,
      reason:
        `${reason}, which is not given: give it too, or engine.zero_stage`,
    });
    return;
  }
  draft.assume(
    "engine.zero_stage",
    Number(stage),
    `${reason}; give it too to be sure`,
  );
  if (!/offload/i.test(file) || /no[-_]?offload|without/i.test(file)) return;
  draft.assume("engine.offload_optimizer", "cpu", `${reason}, by its name`);
  if (stage === "3" && !/optim/i.test(file) && !/param/i.test(file)) {
    draft.assume("engine.offload_parameters", "cpu", `${reason}, by its name`);
  }
}
