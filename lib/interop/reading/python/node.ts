import type { parser } from "@lezer/python";

/** A node of Python's syntax. */
export type PythonNode = ReturnType<typeof parser.parse>["topNode"];

/** Most children of a node that are looked at. */
const MAX_CHILDREN = 5000;

/** The nodes within a node, in their order. */
export function childrenOf(node: PythonNode): PythonNode[] {
  const children: PythonNode[] = [];
  for (
    let child = node.firstChild;
    child && children.length < MAX_CHILDREN;
    child = child.nextSibling
  ) children.push(child);
  return children;
}
