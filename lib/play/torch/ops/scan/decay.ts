import type { Machine } from "../../machine.ts";
import type { Parameter, Value } from "../../values.ts";
import { cast, savingOutput, scaled } from "../arithmetic.ts";

/** A = −exp(A_log), in fp32. */
export function decayOf(m: Machine, aLog: Parameter): Value {
  return m.call(() => {
    const wide = cast(m, m.parameter(aLog), "fp32", "A_log in fp32");
    const power = savingOutput(m, wide, "exp of A_log");
    return scaled(m, power, "A");
  });
}
