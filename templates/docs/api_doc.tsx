import type { JsonSchema } from "../../lib/mod.ts";
import { DocLayout, Way } from "./docs_pages.tsx";

/** A schema, or a part of one, as it is read here. */
type Schema = Record<string, unknown>;

/** Fields that stand in others are listed to this depth. */
const DEEPEST = 6;

/** The API's addresses and schemas, as its OpenAPI document has them. */
export function ApiDoc({ document }: { document: JsonSchema }) {
  const paths = document["paths"] as Record<string, Record<string, Schema>>;
  const { schemas } = document["components"] as {
    schemas: Record<string, Schema>;
  };
  return (
    <DocLayout title="Every address of the API">
      <Way />
      <h1>Every address of the API</h1>
      <p>
        The same for programs:{" "}
        <a href="/api/v1/openapi.json">OpenAPI 3.1</a>, of which clients can be
        generated. All memory is in bytes. A refusal has the status 422, and
        says which field, which limit and which value. Any web page may ask
        (CORS). <a href="/docs/http">More about it</a>.
      </p>
      {Object.entries(paths).map(([path, operations]) => (
        <Address path={path} operations={operations} />
      ))}
      <h2>What goes in and out</h2>
      {Object.entries(schemas).map(([name, schema]) => (
        <section class="card" id={name} aria-labelledby={`${name}-title`}>
          <details open={name !== "Scenario"}>
            <summary>
              <strong id={`${name}-title`}>{name}</strong>
            </summary>
            <Fields fields={fieldsOf(schema)} />
          </details>
        </section>
      ))}
    </DocLayout>
  );
}

function Address(
  { path, operations }: { path: string; operations: Record<string, Schema> },
) {
  const [first = {}] = Object.values(operations);
  const body = bodyOf(first);
  return (
    <section class="card" aria-label={path}>
      <h2>
        {Object.keys(operations).map((method) => method.toUpperCase())
          .join(", ")} <code>{path}</code>
      </h2>
      <p>{String(first["summary"] ?? "").replace(/([^?])$/, "$1.")}</p>
      {Object.entries(operations).map(([method, operation]) => {
        const fields = parametersOf(operation);
        return fields.length === 0 ? null : (
          <>
            <h3>In the address, by {method.toUpperCase()}</h3>
            <Fields fields={fields} />
          </>
        );
      })}
      {body && (
        <>
          <h3>In the body ({body.type})</h3>
          {body.schema["$ref"] === undefined && body.schema["properties"]
            ? <Fields fields={fieldsOf(body.schema)} />
            : <p>{typeWords(body.schema)}</p>}
        </>
      )}
      <p>Gives {answerOf(first)}.</p>
    </section>
  );
}

/** A field as it is listed. */
interface Listed {
  path: string;
  type: string | ReturnType<typeof typeWords>;
  about: string;
  required: boolean;
}

function Fields({ fields }: { fields: readonly Listed[] }) {
  return (
    <dl class="words">
      {fields.map(({ path, type, about, required }) => (
        <div>
          <dt>
            <code>{path}</code> <span class="hint">{type}</span>
            {required && <span class="hint">, needed</span>}
          </dt>
          <dd>{about}</dd>
        </div>
      ))}
    </dl>
  );
}

function parametersOf({ parameters = [] }: Schema): Listed[] {
  return (parameters as Schema[]).map((each) => ({
    path: String(each["name"]),
    type: typeWords(each["schema"] as Schema),
    about: String(each["description"] ?? ""),
    required: each["required"] === true,
  }));
}

/** The fields of a schema, those inside of others by their dotted paths. */
function fieldsOf(schema: Schema, prefix = "", depth = 0): Listed[] {
  const { properties, items, required = [] } = schema as {
    properties?: Record<string, Schema>;
    items?: Schema;
    required?: readonly string[];
  };
  if (depth > DEEPEST) return [];
  if (!properties) return items ? fieldsOf(items, prefix, depth + 1) : [];
  return Object.entries(properties).flatMap(([name, each]) => {
    const path = `${prefix}${name}`;
    const inner = each["items"] ? `${path}.0.` : `${path}.`;
    return [
      {
        path,
        type: typeWords(each),
        about: String(each["description"] ?? ""),
        required: depth === 0 && required.includes(name),
      },
      ...fieldsOf(each, inner, depth + 1),
    ];
  });
}

function bodyOf(
  { requestBody }: Schema,
): { type: string; schema: Schema } | null {
  const { content } = (requestBody ?? {}) as {
    content?: Record<string, { schema: Schema }>;
  };
  const [entry] = Object.entries(content ?? {});
  return entry ? { type: entry[0], schema: entry[1].schema } : null;
}

function answerOf({ responses }: Schema) {
  const { 200: good } = responses as {
    200: { content: Record<string, { schema: Schema }> };
  };
  const [entry] = Object.entries(good.content);
  if (!entry) return null;
  const [type, { schema }] = entry;
  return <>{typeWords(schema)} ({type})</>;
}

/** A schema's type in a few words. */
function typeWords(schema: Schema) {
  const { $ref, type, items, anyOf, default: usual } = schema;
  const values = schema["enum"] as readonly unknown[] | undefined;
  if (typeof $ref === "string") {
    const name = $ref.slice($ref.lastIndexOf("/") + 1);
    return <a href={`#${name}`}>{name}</a>;
  }
  const own = values
    ? `one of ${values.join(", ")}`
    : Array.isArray(anyOf)
    ? anyOf.map((each: Schema) => each["type"] ?? "one of some").join(" or ")
    : type === "array"
    ? `list of ${(items as Schema)?.["type"] ?? "values"}`
    : Array.isArray(type)
    ? type.join(" or ")
    : String(type ?? "anything");
  const isPlain = usual !== undefined && typeof usual !== "object";
  return <>{isPlain ? `${own}, ${usual} unless given` : own}</>;
}
