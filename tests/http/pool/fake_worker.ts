/**
 * A worker with the loop of the real one, and addresses that no application
 * should have.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import {
  AskedLookUps,
  jobPort,
  serveJobs,
} from "../../../routes/pool/job_loop.ts";

if (!parentPort) throw new Error("This is no worker");
const port = jobPort(parentPort);
const lookUps = new AskedLookUps((message) => port.postMessage(message, []));

const ADDRESSES: Record<string, (request: Request) => unknown> = {
  "/echo": async (request) =>
    `${request.method} ${request.url} ${await request.text()}`,
  "/loop": () => {
    for (;;);
  },
  "/loop-later": async () => {
    await Promise.resolve();
    for (;;);
  },
  "/loop-of-promises": async () => {
    for (;;) await null;
  },
  "/loop-of-timer": async () => {
    await new Promise((done) => setTimeout(done));
    for (;;);
  },
  "/backtracking": async () => {
    await null;
    return /^(a+)+$/.test(`${"a".repeat(60)}!`);
  },
  "/hungry": async () => {
    await null;
    const all: unknown[] = [];
    for (;;) all.push(new Array(1000).fill(Math.random()));
  },
  "/slow": async () => {
    await new Promise((done) => setTimeout(done, 300));
    return "at last";
  },
  "/hub": async () => {
    const lookUp = await lookUps.ask("a/b", { lookUp: "once", waitMs: null });
    return lookUp?.result?.ok ? lookUp.result.value.name : "none";
  },
  "/throws": () => {
    throw new TypeError("thrown");
  },
};

serveJobs(port, async (request) => {
  const { pathname } = new URL(request.url);
  console.log(`running ${pathname}`);
  const said = await ADDRESSES[pathname]?.(request);
  return new Response(`${said ?? "nothing"}`, {
    status: said === undefined ? 404 : 200,
    headers: { "X-Own": "kept" },
  });
}, { watchdogMs: workerData.watchdogMs });
