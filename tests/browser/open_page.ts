import type {
  Browser,
  BrowserContextOptions,
  Page,
} from "../npm/playwright-core.ts";
import { chromium } from "../npm/playwright-core.ts";
import { createApp } from "../../app.ts";
import type { Hub } from "../../hub/mod.ts";
import { findChromium } from "./find_chromium.ts";

/** A page in a real browser, on a server of its own. */
export interface OpenPage extends AsyncDisposable {
  page: Page;
  /** Where the server is, without a slash at the end. */
  origin: string;
  /** What the page complained of: console errors and uncaught exceptions. */
  complaints: string[];
  /** The addresses of the answers that the page has asked for, in order. */
  asked: URL[];
}

/**
 * Milliseconds until something that never comes is given up: many, for a busy
 * machine is no fault of the page.
 */
const PATIENCE = 180_000;

/** What a test may ask for. */
export interface OpenOptions extends BrowserContextOptions {
  /** What an answer waits for, by its address. */
  hold?: (url: URL) => Promise<void> | undefined;
  /** Where models are looked up; nowhere without it. */
  hub?: Hub;
}

/**
 * Opens Chromium on a fresh server. Chromium reports every 422 as an error of
 * loading a resource; those are answers here, and no complaints.
 */
export async function openPage(
  { hold, hub, ...options }: OpenOptions = {},
): Promise<OpenPage> {
  const app = createApp(hub ?? null);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      await hold?.(new URL(request.url));
      return await app.fetch(request);
    },
  );
  const browser = await launch();
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints: string[] = [];
  page.on("console", (message) => {
    const isAnswer = message.text().includes("status of 422");
    if (message.type() === "error" && !isAnswer) {
      complaints.push(message.text());
    }
  });
  const asked: URL[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/answer") asked.push(url);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return {
    page,
    origin: `http://127.0.0.1:${server.addr.port}`,
    complaints,
    asked,
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server.shutdown();
    },
  };
}

async function launch(): Promise<Browser> {
  const executablePath = await findChromium();
  if (executablePath === null) throw new Error("Cannot find Chromium");
  return await chromium.launch({
    executablePath,
    timeout: PATIENCE,
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--no-first-run",
    ],
  });
}

/** Waits until the page has drawn what it has been given. */
export async function twoFrames(page: Page): Promise<void> {
  await page.evaluate(
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
  );
}
