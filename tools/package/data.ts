import ts from "./typescript.ts";

/** Shortest literal whose entries are read one by one, when they are asked for. */
const MIN_LAZY = 1_000_000;

/** What makes an object of texts, each of which is read once. */
const LAZY =
  `const $lazy=(texts)=>{const made={};for(const key in texts)Object.defineProperty(made,key,{enumerable:true,configurable:true,get(){const value=JSON.parse(texts[key]);Object.defineProperty(made,key,{value,enumerable:true});return value}});return made};\n`;

/** Shortest literal for which that is worth it, in characters. */
const MIN_LENGTH = 10_000;

/**
 * A module whose large constants are read by `JSON.parse`: an engine takes half
 * the time for a text of it that it takes for the same as code, and no program of
 * this package runs longer than it starts.
 *
 * @param source As a bundler writes it, with files of JSON as literals.
 */
export function withParsedData(source: string): string {
  const file = ts.createSourceFile(
    "module.js",
    source,
    ts.ScriptTarget.Latest,
    false,
    ts.ScriptKind.JS,
  );
  const pieces: string[] = [];
  let from = 0;
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { initializer } of statement.declarationList.declarations) {
      if (!initializer) continue;
      const [start, end] = [initializer.getStart(file), initializer.end];
      if (end - start < MIN_LENGTH) continue;
      const data = dataOf(initializer);
      if (data === NONE) continue;
      pieces.push(
        source.slice(from, start),
        end - start < MIN_LAZY || Array.isArray(data)
          ? `JSON.parse(${quoted(JSON.stringify(data))})`
          : lazily(data as Record<string, unknown>),
      );
      from = end;
    }
  }
  const made = escaped([...pieces, source.slice(from)].join(""));
  return made.includes("$lazy(") ? `${LAZY}${made}` : made;
}

/** What stands for the value of code that is more than data. */
const NONE = Symbol("none");

function dataOf(expression: ts.Expression): unknown {
  try {
    return valueOf(expression);
  } catch (error) {
    if (error instanceof NoData) return NONE;
    throw error;
  }
}

function lazily(data: Record<string, unknown>): string {
  const texts = Object.entries(data).map(([key, value]) =>
    `${JSON.stringify(key)}:${quoted(JSON.stringify(value))}`
  );
  return `$lazy({${texts.join(",")}})`;
}

/** An expression that is more than data. */
class NoData extends Error {}

function valueOf(node: ts.Expression): unknown {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  if (ts.isParenthesizedExpression(node)) return valueOf(node.expression);
  if (ts.isArrayLiteralExpression(node)) return node.elements.map(valueOf);
  if (ts.isPrefixUnaryExpression(node)) {
    const value = valueOf(node.operand);
    if (node.operator === ts.SyntaxKind.MinusToken) return -Number(value);
    // Minifiers write true so.
    if (node.operator === ts.SyntaxKind.ExclamationToken) return !value;
  }
  if (!ts.isObjectLiteralExpression(node)) throw new NoData();
  const value: Record<string, unknown> = {};
  for (const property of node.properties) {
    if (!ts.isPropertyAssignment(property)) throw new NoData();
    const { name, initializer } = property;
    const isPlain = ts.isIdentifier(name) || ts.isStringLiteral(name) ||
      ts.isNumericLiteral(name);
    if (!isPlain || name.text === "__proto__") throw new NoData();
    value[name.text] = valueOf(initializer);
  }
  return value;
}

/** A text as a literal; JSON has most of its signs escaped already. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** In ASCII, of which an engine holds a byte a sign, and reads it as it is. */
function escaped(source: string): string {
  return source.replaceAll(
    /[^\0-\x7f]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
