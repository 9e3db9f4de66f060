import { isObject } from "../../../scenario/fields.ts";
import { readYamlDocuments, tooMuch } from "../yaml_documents.ts";

/** The documents of a text; none where it is no YAML, or more than is looked through. */
export function documentsIn(text: string): readonly unknown[] {
  try {
    const read = readYamlDocuments(text);
    const isFine = read.ok &&
      read.value.every((each) => tooMuch(each) === null);
    return isFine ? read.value : [];
  } catch {
    return [];
  }
}

/** Every object of documents, in the order of their text, whatever it stands in. */
export function* objectsIn(
  documents: readonly unknown[],
): Generator<Record<string, unknown>> {
  const rest: unknown[] = [...documents].reverse();
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (Array.isArray(next)) rest.push(...[...next].reverse());
    else if (isObject(next)) {
      yield next;
      rest.push(
        ...Object.values(next).reverse().filter((each) => each !== undefined),
      );
    }
  }
}
