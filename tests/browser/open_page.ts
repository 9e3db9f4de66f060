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
}

/** Milliseconds until something that never comes is given up. */
const PATIENCE = 8000;

/** What a test may ask for. */
export interface OpenOptions extends BrowserContextOptions {
  /** Milliseconds to hold an answer back, by its address. */
  delay?: (url: URL) => number;
  /** Where models are looked up; nowhere without it. */
  hub?: Hub;
}

/**
 * Opens Chromium on a fresh server. Chromium reports every 422 as an error of
 * loading a resource; those are answers here, and no complaints.
 */
export async function openPage(
  { delay, hub, ...options }: OpenOptions = {},
): Promise<OpenPage> {
  const app = createApp(hub ?? null);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const pause = delay?.(new URL(request.url)) ?? 0;
      if (pause > 0) await new Promise((done) => setTimeout(done, pause));
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
  page.on("pageerror", (error) => complaints.push(String(error)));
  return {
    page,
    origin: `http://127.0.0.1:${server.addr.port}`,
    complaints,
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
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--no-first-run",
    ],
  });
}
