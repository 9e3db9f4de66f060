import { app } from "../app.ts";

const QUERY =
  "model=meta-llama/Llama-3.1-8B&train.method=qlora&train.micro_batch=2";

for (const path of ["/", "/answer", "/api/v1/estimate", "/gpus"]) {
  Deno.bench(`GET ${path}`, { group: "HTTP" }, async () => {
    await (await app.request(`${path}?${QUERY}`)).text();
  });
}
