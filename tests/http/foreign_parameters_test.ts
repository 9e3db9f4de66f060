import { assertEquals } from "@std/assert";
import { app } from "../../app.ts";
import { leavesOf } from "../../lib/mod.ts";
import { DEFAULT_SCENARIO } from "../../lib/mod.ts";
import { isForeign } from "../../routes/page_parameters.ts";

/** What links carry that people share, and what hosts add. */
const FOREIGN = [
  ...["ref", "ref_src", "referrer", "source", "src", "via", "from", "share"],
  ...["utm_source", "utm_medium", "utm_campaign", "utm_id", "utm_anything"],
  ...["gclid", "gclsrc", "gbraid", "wbraid", "dclid", "fbclid", "msclkid"],
  ...["twclid", "ttclid", "igshid", "igsh", "li_fat_id", "yclid", "_openstat"],
  ...["mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "hsCtaTracking"],
  ...["_ga", "_gl", "oly_enc_id", "vero_id", "pk_campaign", "mtm_source"],
  ...["matomo_campaign", "spm", "scm", "trk", "trkCampaign", "cid", "campaign"],
  ...[
    "__theme",
    "__sign",
    ".tsrc",
    "amp;utm_source",
    "v",
    "t",
    "lang",
    "",
    "1",
  ],
];

const PAGES = [
  "/?",
  "/?model=gpt2&",
  "/answer?model=gpt2&",
  "/gpus?",
  "/gpus?model=gpt2&",
  "/tables?model=gpt2&",
  "/tables/answer?model=gpt2&",
  "/compare?",
  "/compare?s1=model%3Dgpt2&",
  "/traffic?model=gpt2&",
  "/scenario?model=gpt2&",
  "/scenario.json?model=gpt2&",
  "/export?model=gpt2&",
  "/presets?",
];

for (const page of PAGES) {
  Deno.test(`GET ${page} is answered whatever others add to it`, async () => {
    for (const name of FOREIGN) {
      const added = `${encodeURIComponent(name)}=some%20thing`;
      const response = await app.request(page + added);
      await response.body?.cancel();
      const moves = page.startsWith("/?model") && response.status === 303;
      assertEquals(moves ? 200 : response.status, 200, page + added);
    }
    const all = FOREIGN.map((name) => `${encodeURIComponent(name)}=1`);
    const response = await app.request(page + all.join("&"));
    await response.body?.cancel();
    assertEquals([200, 303].includes(response.status), true);
  });
}

/** Names that somebody means for a field and writes wrong. */
const MEANT = [
  ...["micro_batch", "zero_stage", "gpu", "gpus", "sequence_length", "rank"],
  ...["mdel", "modle", "modl", "taks", "metod", "trian", "optimiser"],
  ...["paralel", "hardwear", "train", "train[micro_batch]", "trian.rank"],
  ...["train.micro_batches", "x.y", "quantisation"],
];

Deno.test("GET / refuses a name that is meant for a field", async () => {
  for (const name of MEANT) {
    const response = await app.request(
      `/?model=gpt2&${encodeURIComponent(name)}=some%20thing`,
    );
    await response.body?.cancel();
    assertEquals(response.status, 422, name);
  }
});

Deno.test("isForeign() takes no field for foreign", () => {
  const fields = leavesOf(DEFAULT_SCENARIO).map(({ path }) => path);
  assertEquals(fields.filter(isForeign), []);
});

Deno.test("GET /api/v1/estimate refuses a name that is no field", async () => {
  for (const name of ["ref", "mc_cid", "v"]) {
    const response = await app.request(
      `/api/v1/estimate?model=gpt2&${name}=1`,
    );
    await response.body?.cancel();
    assertEquals(response.status, 422, name);
  }
});
