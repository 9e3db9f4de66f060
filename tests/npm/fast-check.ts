// deno-lint-ignore no-import-prefix -- packages of tests stand in no list of the program
import fc from "npm:fast-check@4.10.2";
import { SEED } from "../seed.ts";

fc.configureGlobal({ seed: SEED });

export * from "npm:fast-check@4.10.2";
export default fc;
