import { html } from "hono/html";
import type { Child } from "hono/jsx";
import { STATIC } from "../static/mod.ts";
import { askedPage } from "./asked.ts";
import { Navigation, ThemeSwitch } from "./navigation.tsx";
import { SignIn } from "./sign_in.tsx";

const DESCRIPTION =
  "Predicts the GPU memory of training, fine-tuning and serving language models, from the architecture and the settings.";

/** A whole page around its content. */
export function Layout(
  { title, scenario = "", refreshSeconds, styles, children }: {
    title: string;
    /** The query of the page's scenario, which its links take along. */
    scenario?: string | undefined;
    /** Where the answer is not there yet: when to load the page anew. */
    refreshSeconds?: number | undefined;
    /** A style sheet beside the one of all pages. */
    styles?: string;
    children: Child;
  },
) {
  const { theme } = askedPage();
  return html`<!DOCTYPE html>${(
    <html lang="en" data-theme={theme ?? undefined}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="description" content={DESCRIPTION} />
        <meta name="color-scheme" content="light dark" />
        <meta name="htmx-config" content='{"history":"reload"}' />
        <title>{title}</title>
        <script src={STATIC.theme.address}></script>
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
        <script src={STATIC.copy.address} defer></script>
        <script src={STATIC.model.address} defer></script>
        <script src={STATIC.combobox.address} defer></script>
      </head>
      <body>
        <a class="skip" href="#answer">Skip to the answer</a>
        <header class="top">
          <a class="brand" href="/" aria-label="Headroom, from the beginning">
            <img src={STATIC.icon.address} alt="" width="28" height="28" />
            Headroom
          </a>
          <p class="tagline">
            Will it fit? GPU memory of training, fine-tuning and serving.
          </p>
          <Navigation scenario={scenario} />
          <ThemeSwitch />
          <SignIn />
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
