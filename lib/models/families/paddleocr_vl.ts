import { seeingAs } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofHeaders } from "./family.ts";

/**
 * PaddleOCR-VL: a tower of its own before ERNIE 4.5's layers, whose positions are
 * those of time, height and width.
 *
 * Source: huggingface/transformers models/paddleocr_vl/modeling_paddleocr_vl.py
 */
export const PADDLEOCR_VL_TYPES: FamilyTypes = {
  paddleocr_vl: ofHeaders({
    rotary: { perSequence: true },
    sight: seeingAs("paddleocr_vl"),
  }),
};
