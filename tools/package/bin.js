#!/usr/bin/env node
import module from "node:module";

// Node 22 keeps what it has compiled, so that the next start is sooner.
module.enableCompileCache?.();
await import("../dist/cli.js");
