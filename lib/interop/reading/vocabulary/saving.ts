import type { Draft, FileSetting } from "../draft.ts";
import type { Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";
import { switchOf } from "../rules.ts";

const PATH = "train.saving.gathers";

/** torch.distributed.fsdp.StateDictType, by name and number. */
const WHOLE = /^(?:full(?:_state_dict)?|1)$/i;
const PARTS = /^(?:(?:sharded|local)(?:_state_dict)?|[23])$/i;

/**
 * What FSDP's checkpoints are: whole state dicts, which accelerate and Axolotl have
 * gathered to the first rank's host, or each rank's part.
 *
 * Sources: huggingface/accelerate 1.15 utils/dataclasses.py, set_state_dict_type, and
 * accelerator.py, get_state_dict; axolotl train.py, save_trained_model, by which the
 * last one may differ from those before
 */
export function stateDictRule(keys: readonly string[]): Rule {
  return {
    keys,
    fields: [PATH],
    values: "FULL_STATE_DICT → host; SHARDED_STATE_DICT: ranks write their own",
    read: (setting, draft) => {
      const type = plainText(setting.value).replace(/^StateDictType\./, "");
      if (WHOLE.test(type)) draft.state(setting, PATH, "host");
      else if (PARTS.test(type)) {
        draft.leave(setting, "ranks write their parts");
      } else {
        draft.refuse(
          setting,
          "must be FULL_STATE_DICT, SHARDED_STATE_DICT or LOCAL_STATE_DICT",
        );
      }
    },
  };
}

/**
 * Whether ZeRO 3 gathers 16-bit weights on the first rank's host, layer by layer,
 * when a model is saved; accelerate fills "auto" with false.
 *
 * Sources: deepspeed/runtime/engine.py, _zero3_consolidated_16bit_state_dict;
 * huggingface/accelerate accelerator.py, _prepare_deepspeed
 */
export function gatheredWeightsRule(
  keys: readonly string[],
  stageKey: string,
): Rule {
  return {
    keys,
    fields: [PATH],
    values: "true → host, of ZeRO 3",
    read: (setting, draft, all) => {
      const isAuto = setting.value === "auto";
      const on = isAuto ? false : switchOf(setting, draft);
      if (on === null) return;
      stateGathered(setting, draft, on, plainText(all.get(stageKey)) === "3");
    },
  };
}

function stateGathered(
  setting: FileSetting,
  draft: Draft,
  on: boolean,
  isThird: boolean,
): void {
  if (!on) draft.leave(setting, "ranks write their parts");
  else if (!isThird) draft.leave(setting, "ZeRO 3 alone partitions weights");
  else draft.state(setting, PATH, "host");
}
