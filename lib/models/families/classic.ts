import { withClasses } from "../heads/with_classes.ts";
import { bamba } from "./bamba.ts";
import { bart, mbart, pegasus } from "./bart.ts";
import { bert } from "./bert.ts";
import { bloom } from "./bloom.ts";
import { debertaV2 } from "./deberta_v2.ts";
import { distilbert } from "./distilbert.ts";
import { electra } from "./electra.ts";
import {
  BART_CLASSES,
  T5_CLASSES,
  WHISPER_CLASSES,
} from "./encoder_decoder_classes.ts";
import { biogpt, xglm } from "./fairseq.ts";
import { falcon } from "./falcon.ts";
import type { Family } from "./family.ts";
import { causal } from "./family.ts";
import { gpt2, gptBigcode } from "./gpt2.ts";
import { gptNeo } from "./gpt_neo.ts";
import { gptNeox } from "./gpt_neox.ts";
import { codegen, gptj } from "./gptj.ts";
import { jamba } from "./jamba.ts";
import { falconMamba, mamba } from "./mamba.ts";
import { mamba2 } from "./mamba2.ts";
import { modernbert } from "./modernbert.ts";
import { mpt } from "./mpt.ts";
import { opt } from "./opt.ts";
import { persimmon } from "./persimmon.ts";
import { roberta } from "./roberta.ts";
import { rwkv } from "./rwkv.ts";
import { mt5, t5, umt5 } from "./t5.ts";
import { whisper } from "./whisper.ts";
import { zamba2 } from "./zamba2.ts";

/** Encoders and encoder-decoders, which read the class of a config themselves. */
export const WITH_TASKS: Readonly<Record<string, Family>> = {
  t5: withClasses(t5, T5_CLASSES),
  mt5: withClasses(mt5, T5_CLASSES),
  umt5: withClasses(umt5, T5_CLASSES),
  bart: withClasses(bart, BART_CLASSES),
  mbart: withClasses(mbart, BART_CLASSES),
  pegasus: withClasses(pegasus, BART_CLASSES),
  bert,
  roberta,
  "xlm-roberta": roberta,
  camembert: roberta,
  distilbert,
  electra,
  "deberta-v2": debertaV2,
  modernbert,
  whisper: withClasses(whisper, WHISPER_CLASSES),
};

/** Decoders before llama, and state space models. */
export const CLASSIC: Readonly<Record<string, Family>> = {
  gpt2: causal(gpt2),
  gpt_bigcode: causal(gptBigcode),
  gpt_neox: causal(gptNeox),
  gptj,
  codegen,
  opt: causal(opt),
  bloom: causal(bloom),
  falcon: causal(falcon),
  mpt: causal(mpt),
  biogpt,
  xglm: causal(xglm),
  gpt_neo: causal(gptNeo),
  persimmon: causal(persimmon),
  mamba: causal(mamba),
  mamba2: causal(mamba2),
  falcon_mamba: causal(falconMamba),
  jamba: causal(jamba),
  bamba: causal(bamba),
  zamba2: causal(zamba2),
  rwkv,
};
