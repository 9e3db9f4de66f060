import { Hono } from "hono";
import { compress } from "hono/compress";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { answer } from "./routes/answer.tsx";
import { api } from "./routes/api.ts";
import { assets } from "./routes/assets.ts";
import { gpus } from "./routes/gpus.tsx";
import { limitBody, limitQuery, limitTime } from "./routes/limits.ts";
import { page } from "./routes/page.tsx";

/** Hugging Face shows a Space inside a frame of its own page. */
const FRAMED_BY = ["'self'", "https://huggingface.co", "https://*.hf.space"];

/** The whole application; it listens nowhere. */
export const app: Hono = new Hono();

app.use(secureHeaders({
  xFrameOptions: false,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: FRAMED_BY,
  },
}));
app.use(compress());
app.use(limitQuery, limitBody, limitTime);

app.route("/", assets);
app.route("/", page);
app.route("/", answer);
app.route("/", gpus);
app.route("/", api);
app.get("/healthz", (c) => c.text("ok"));

app.notFound((c) =>
  c.text(`There is nothing at ${c.req.path}. The page is at /`, 404)
);
app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  console.error(error);
  return c.text("Something broke here; the scenario was not at fault", 500);
});
