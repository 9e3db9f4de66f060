import type { GradioEndpoint } from "./endpoints.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { PREFIX } from "./prefix.ts";

/** The oldest release of Gradio whose protocol this is whole. */
const VERSION = "5.0.0";

/** What both clients ask first: the components, and what calls what. */
export function gradioConfig(): object {
  const components: Component[] = [];
  const place = (label: string, type: string): number => {
    const id = components.length;
    components.push(componentOf(id, label, type));
    return id;
  };
  const dependencies = ENDPOINTS.map((endpoint, id) => {
    const inputs = endpoint.parameters.map(({ label, component }) =>
      place(label, component)
    );
    const outputs = returnsOf(endpoint).map(({ label, component }) =>
      place(label, component)
    );
    return {
      id,
      api_name: endpoint.name,
      api_visibility: "public",
      show_api: true,
      backend_fn: true,
      queue: true,
      targets: [[inputs[0] ?? 0, "submit"]],
      inputs,
      outputs,
      types: { generator: false, cancel: false },
    };
  });
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
    components,
    dependencies,
  };
}

/** What may be called, with which arguments. */
export function gradioInfo(): object {
  return {
    named_endpoints: Object.fromEntries(
      ENDPOINTS.map((endpoint) => [`/${endpoint.name}`, {
        description: endpoint.description,
        api_visibility: "public",
        show_api: true,
        parameters: endpoint.parameters.map((each) => ({
          label: each.label,
          parameter_name: each.name,
          parameter_has_default: each.usual !== undefined,
          parameter_default: each.usual ?? null,
          type: each.type,
          python_type: { type: each.pythonType, description: each.label },
          component: each.component,
          example_input: each.example,
        })),
        returns: returnsOf(endpoint),
      }]),
    ),
    unnamed_endpoints: {},
  };
}

/** What an endpoint answers: a sentence, and an object. */
function returnsOf({ returns: [words, answer] }: GradioEndpoint) {
  return [
    {
      label: words,
      component: "Textbox",
      type: { type: "string" },
      python_type: { type: "str", description: "" },
    },
    {
      label: answer,
      component: "JSON",
      type: { type: "object" },
      python_type: { type: "dict[str, Any]", description: "in bytes per GPU" },
    },
  ];
}

interface Component {
  id: number;
  type: string;
  props: { label: string; name: string };
}

function componentOf(id: number, label: string, type: string): Component {
  return { id, type: type.toLowerCase(), props: { label, name: type } };
}
