import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Client } from "../npm/gradio_client.ts";
import { app } from "../../app.ts";
import { advice, estimate, largest, parseScenario } from "../../lib/mod.ts";
import { PARAMETERS } from "../../routes/gradio/parameters.ts";
import { gradioSessions } from "../../routes/gradio_sessions.ts";
import { messageOf } from "./requests.ts";

/** Runs something with Gradio's own client, which asks a server. */
async function withClient<T>(run: (client: Client) => Promise<T>): Promise<T> {
  const answer = gradioSessions((request) => app.fetch(request));
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => answer(request),
  );
  const client = await Client.connect(
    `http://127.0.0.1:${server.addr.port}/`,
    { events: ["data", "status"] },
  );
  try {
    return await run(client);
  } finally {
    client.close();
  }
}

// deno-lint-ignore no-explicit-any
type Told = any;

Deno.test("Gradio's client is told of the endpoint and its arguments", async () => {
  await withClient(async (client) => {
    const { named_endpoints: told } = await client.view_api() as Told;
    assertEquals(Object.keys(told), ["/estimate", "/advice", "/largest"]);
    assertEquals(
      told["/largest"].parameters.slice(0, 3).map((each: Told) =>
        each.parameter_name
      ),
      ["model", "field", "dtype"],
    );
    const { parameters, returns } = told["/estimate"];
    assertEquals(
      parameters.map((each: Told) => each.parameter_name),
      PARAMETERS.map(({ name }) => name),
    );
    assertEquals(parameters[0].parameter_name, "model");
    assertEquals(
      parameters.map((each: Told) => each.parameter_has_default),
      PARAMETERS.map(({ name }) => name !== "model"),
    );
    assertEquals(returns.length, 2);
  });
});

Deno.test("Gradio's client predicts by position and by name what the library answers", async () => {
  const wanted = estimate({
    model: "llama3.1-8b",
    train: { method: "qlora", sequence_length: 1024 },
    hardware: { gpu: "RTX 4090" },
  });
  const own = {
    ...JSON.parse(JSON.stringify(wanted)),
    fit: [JSON.parse(JSON.stringify(wanted.fit[0]))],
  };
  const named = {
    model: "llama3.1-8b",
    qlora: true,
    seq_len: 1024,
    gpu: "RTX 4090",
  };
  const listed = PARAMETERS.map(({ name }) =>
    Object.entries(named).find(([key]) => key === name)?.[1] ?? null
  );
  await withClient(async (client) => {
    for (const sent of [named, listed]) {
      const { data } = await client.predict("/estimate", sent) as Told;
      assertEquals(data[1], own);
      assertStringIncludes(data[0], "RTX 4090");
    }
  });
});

Deno.test("Gradio's client may say anything by a scenario, under the other arguments", async () => {
  const scenario = JSON.stringify({
    model: "gpt2",
    train: { loss: "fused", micro_batch: 3 },
  });
  await withClient(async (client) => {
    const { data } = await client.predict("/estimate", {
      model: "distilgpt2",
      per_device_batch: 2,
      scenario,
    }) as Told;
    const { model, train } = data[1].scenario;
    assertEquals(
      [model, train.loss, train.micro_batch],
      ["distilgpt2", "fused", 2],
    );
  });
});

Deno.test("Gradio's client is told what is wrong by the argument's name", async () => {
  const wrong: [Record<string, unknown>, string][] = [
    [{ model: "gpt2", seq_len: 0 }, "seq_len must be at least 1"],
    [{ model: "gpt2", dtype: "fp7" }, "dtype must be one of"],
    [{ model: "nope" }, "model must be in the catalogue"],
    [{ model: "gpt2", scenario: "{" }, "scenario must be a Scenario in JSON"],
    [{ model: "gpt2", scenario: `{"colour": 1}` }, "colour"],
    [{ model: "gpt2", gpu: "GTX 9" }, "gpu"],
  ];
  await withClient(async (client) => {
    for (const [sent, words] of wrong) {
      const error = await client.predict("/estimate", sent).then(
        () => null,
        (reason: Told) => reason,
      );
      assertStringIncludes(String(error?.message), words);
    }
    const { data } = await client.predict("/estimate", ["gpt2"]) as Told;
    assertStringIncludes(data[0], "Fits");
  });
});

Deno.test("Gradio's client is advised, and told how far it can go, as the library does", async () => {
  const scenario = {
    model: "llama3.1-8b",
    train: { method: "qlora", sequence_length: 1024 },
    hardware: { gpu: "RTX 4090" },
  } as const;
  const parsed = parseScenario(scenario);
  assert(parsed.ok);
  const wanted = advice(parsed.value);
  const longest = largest(parsed.value, "train.sequence_length");
  assert(wanted.ok && longest.ok);
  const sent = {
    model: scenario.model,
    scenario: JSON.stringify({ ...scenario, model: "gpt2" }),
  };
  await withClient(async (client) => {
    const { data } = await client.predict("/advice", sent) as Told;
    assertEquals(data[1], JSON.parse(JSON.stringify(wanted.value)));
    assert(data[0].length > 10);
    const field = "train.sequence_length";
    const found = await client.predict("/largest", { ...sent, field }) as Told;
    assertEquals(found.data[1].value, longest.value.value);
    assertStringIncludes(found.data[0], `${longest.value.value}`.slice(0, 1));
    const listed = await client.predict("/largest", [
      "gpt2",
      "train.micro_batch",
    ]) as Told;
    assertEquals(listed.data[1].field, "train.micro_batch");
    const wrong = await client.predict("/largest", ["gpt2", "x"]).then(
      () => null,
      (reason: Told) => reason,
    );
    assertStringIncludes(String(wrong?.message), "field");
  });
});

Deno.test("Gradio's client is told what is under way", async () => {
  await withClient(async (client) => {
    const job = client.submit("/advice", {
      model: "llama3.1-8b",
      gpu: "RTX 4090",
    });
    const kinds: string[] = [];
    for await (const message of job as AsyncIterable<Told>) {
      kinds.push(message.type === "status" ? message.stage : message.type);
      if (message.type === "status" && message.progress_data) {
        assert(message.progress_data[0].length > 0);
        kinds.push("progress");
      }
      if (message.type === "data") break;
    }
    assert(kinds.includes("pending") && kinds.includes("data"), kinds.join());
    assert(kinds.includes("progress"), kinds.join());
  });
});

Deno.test("curl asks every endpoint, and is told where there is none", async () => {
  for (const name of ["advice", "largest"]) {
    const { event_id } =
      await (await send(`call/${name}`, `{"data": ["gpt2"]}`))
        .json();
    const answered = await app.request(`/gradio_api/call/${name}/${event_id}`);
    assertStringIncludes(await answered.text(), "event: complete\ndata: [");
  }
  assertEquals((await send("call/nowhere", `{"data": []}`)).status, 404);
  const none = await app.request("/gradio_api/call/nowhere/e30");
  assertEquals(none.status, 404);
});

Deno.test("Gradio's client gets each of many answers that it asks for at once", async () => {
  await withClient(async (client) => {
    const batches = Array.from({ length: 12 }, (_, at) => at + 1);
    const answers = await Promise.all(
      batches.map((per_device_batch) =>
        client.predict("/estimate", { model: "gpt2", per_device_batch })
      ),
    );
    assertEquals(
      answers.map(({ data }: Told) => data[1].scenario.train.micro_batch),
      batches,
    );
  });
});

/** Sends a body to an address of Gradio's. */
function send(path: string, body: string): Promise<Response> {
  return Promise.resolve(
    app.request(`/gradio_api/${path}`, { method: "POST", body }),
  );
}

Deno.test("curl asks with two requests, and nothing is kept in between", async () => {
  const asked = await send("call/estimate", `{"data": ["gpt2"]}`);
  assertEquals(asked.status, 200);
  const { event_id } = await asked.json();
  for (let again = 0; again < 2; again++) {
    const answered = await app.request(`/gradio_api/call/estimate/${event_id}`);
    assertEquals(answered.headers.get("content-type"), "text/event-stream");
    const text = await answered.text();
    const [, json = ""] = text.match(/^event: complete\ndata: (.*)\n\n$/) ?? [];
    const [verdict, answer] = JSON.parse(json);
    assertStringIncludes(verdict, "Fits");
    assertEquals(
      answer.memory.device_peak_bytes,
      estimate({ model: "gpt2" }).memory.device_peak_bytes,
    );
  }
  const refused = await send("call/estimate", `{"data": ["gpt2", "fp7"]}`);
  const bad = (await refused.json()).event_id;
  for (const event of [bad, "x", "e30", "%00"]) {
    const answered = await app.request(`/gradio_api/call/estimate/${event}`);
    assertStringIncludes(await answered.text(), "event: error\ndata: {");
  }
});

Deno.test("what Gradio's addresses cannot use is 422 in both shapes", async () => {
  const many = JSON.stringify(PARAMETERS.map(() => null).concat(null));
  const wrong: [path: string, body: string, words: string][] = [
    ["queue/join", "{", "The body must be"],
    ["queue/join", "[]", "The body must be"],
    ["queue/join", `{"data": ["gpt2"]}`, "session_hash must be"],
    [
      "queue/join",
      `{"data": [], "session_hash": "${"x".repeat(129)}"}`,
      "session_hash must be",
    ],
    [
      "queue/join",
      `{"data": [], "session_hash": "x", "fn_index": 3}`,
      "fn_index must be a whole number up to 2",
    ],
    ["queue/join", `{"session_hash": "x"}`, "data must be a list"],
    ["call/estimate", `{"data": ${many}}`, "data must have at most"],
    [
      "call/estimate",
      JSON.stringify({ data: ["x".repeat(20_001)] }),
      "data must have at most 20000 characters",
    ],
  ];
  for (const [path, body, words] of wrong) {
    const response = await send(path, body);
    assertEquals(response.status, 422, body.slice(0, 60));
    const { detail } = await response.clone().json();
    assertStringIncludes(detail, words);
    assertStringIncludes(await messageOf(response), words);
  }
});
