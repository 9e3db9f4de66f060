import { html } from "hono/html";
import type { Child } from "hono/jsx";
import { STATIC } from "../static/mod.ts";

const DESCRIPTION =
  "Predicts the GPU memory of training, fine-tuning and serving language models, from the architecture and the settings.";

/** A whole page around its content. */
export function Layout(
  { title, refreshSeconds, script, styles, children }: {
    title: string;
    /** The address of a script that this page alone needs. */
    script?: string;
    /** Where the answer is not there yet: when to load the page anew. */
    refreshSeconds?: number | undefined;
    /** A style sheet beside the one of all pages. */
    styles?: string;
    children: Child;
  },
) {
  return html`<!DOCTYPE html>${(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="description" content={DESCRIPTION} />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        {refreshSeconds !== undefined && (
          <noscript>
            <meta http-equiv="refresh" content={`${refreshSeconds}`} />
          </noscript>
        )}
        <link rel="icon" href={STATIC.icon.address} type="image/svg+xml" />
        <link rel="stylesheet" href={STATIC.style.address} />
        {styles !== undefined && <link rel="stylesheet" href={styles} />}
        <script src={STATIC.htmx.address} defer></script>
        <script src={STATIC.page.address} defer></script>
        <script src={STATIC.model.address} defer></script>
        <script src={STATIC.combobox.address} defer></script>
        {script !== undefined && <script src={script} defer></script>}
      </head>
      <body>
        <a class="skip" href="#answer">Skip to the answer</a>
        <header class="top">
          <a class="brand" href="/">
            <img src={STATIC.icon.address} alt="" width="28" height="28" />
            Headroom
          </a>
          <p>Will it fit? GPU memory of training, fine-tuning and serving.</p>
          <nav aria-label="Pages">
            <a href="/compare">Compare</a>
            <a href="/strategies">Several GPUs</a>
            <a href="/tables">Tables</a>
            <a href="/presets">Presets</a>
          </nav>
        </header>
        {children}
        <footer class="bottom">
          <p>
            Memory is per GPU, 1 GiB = 2<sup>30</sup>{" "}
            bytes. Nothing you type is stored.
          </p>
        </footer>
      </body>
    </html>
  )}`;
}
