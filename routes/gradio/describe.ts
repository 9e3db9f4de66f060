import { PARAMETERS } from "./parameters.ts";

/** Where all but the configuration stands. */
export const PREFIX = "/gradio_api";

/** The endpoint's name. */
export const ENDPOINT = "estimate";

/** What it answers: a sentence, and the Estimate. */
const RETURNS = [
  {
    label: "Verdict",
    component: "Textbox",
    type: { type: "string" },
    python_type: { type: "str", description: "" },
  },
  {
    label: "Estimate",
    component: "JSON",
    type: { type: "object" },
    python_type: { type: "dict[str, Any]", description: "in bytes per GPU" },
  },
];

/** The oldest release of Gradio whose protocol this is whole. */
const VERSION = "5.0.0";

/** What both clients ask first: the components, and what calls what. */
export function gradioConfig(): object {
  const inputs = PARAMETERS.map(({ label, component }, id) =>
    componentOf(id, label, component)
  );
  const outputs = RETURNS.map(({ label, component }, at) =>
    componentOf(PARAMETERS.length + at, label, component)
  );
  return {
    version: VERSION,
    protocol: "sse_v3",
    api_prefix: PREFIX,
    mode: "interface",
    app_id: 1,
    title: "Headroom",
    is_space: false,
    space_id: null,
    connect_heartbeat: false,
    components: [...inputs, ...outputs],
    dependencies: [{
      id: 0,
      api_name: ENDPOINT,
      api_visibility: "public",
      show_api: true,
      backend_fn: true,
      queue: true,
      targets: [[0, "submit"]],
      inputs: inputs.map(({ id }) => id),
      outputs: outputs.map(({ id }) => id),
      types: { generator: false, cancel: false },
    }],
  };
}

/** What may be called, with which arguments. */
export function gradioInfo(): object {
  return {
    named_endpoints: {
      [`/${ENDPOINT}`]: {
        description:
          "Will it fit? The peak GPU memory of training or serving a model.",
        api_visibility: "public",
        show_api: true,
        parameters: PARAMETERS.map((each) => ({
          label: each.label,
          parameter_name: each.name,
          parameter_has_default: each.usual !== undefined,
          parameter_default: each.usual ?? null,
          type: each.type,
          python_type: { type: each.pythonType, description: each.label },
          component: each.component,
          example_input: each.example,
        })),
        returns: RETURNS,
      },
    },
    unnamed_endpoints: {},
  };
}

function componentOf(id: number, label: string, type: string) {
  return { id, type: type.toLowerCase(), props: { label, name: type } };
}
