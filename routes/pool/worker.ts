/**
 * What a worker of the pool runs: the whole application.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { createAppWith } from "../../app.ts";
import { AskedLookUps, jobPort, serveJobs } from "./job_loop.ts";
import type { WorkerData } from "./messages.ts";

if (!parentPort) throw new Error("This is no worker");
const port = jobPort(parentPort);
const { hasHub, tables, watchdogMs }: WorkerData = workerData;
const app = createAppWith(
  hasHub ? new AskedLookUps((message) => port.postMessage(message, [])) : null,
  tables,
);
serveJobs(port, (request) => app.fetch(request), { watchdogMs });
