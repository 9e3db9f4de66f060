import { fileURLToPath } from "node:url";
import { dirname, relative, resolve } from "node:path";
import ts from "./typescript.ts";

/** A module's name in an import or export of a declaration. */
const SPECIFIER = /(\bfrom |\bimport\()"(\.[^"]*)\.ts"/g;

/** Where types of a package are written out, for its users have it not. */
const PACKAGE = /\bz\./;

/**
 * The declarations of a module and of all that it names, without the packages
 * that it was written with: a type that was inferred from a schema is written
 * out.
 *
 * @param root The folder of the sources.
 * @param entry The module's path in it.
 * @returns Texts by their paths in the same folder.
 * @throws {TypeError} When a declaration would name a package.
 */
export function declarationsOf(
  root: string,
  entry: string,
): Map<string, string> {
  const program = programOf(resolve(root, entry));
  const texts = new Map<string, string>();
  const waiting = [resolve(root, entry)];
  for (let path = waiting.pop(); path; path = waiting.pop()) {
    const name = relative(root, path).replace(/\.ts$/, ".d.ts");
    if (texts.has(name)) continue;
    const text = declarationOf(program, path);
    const package_ = text.match(/\bfrom "(?!\.)([^"]*)"/)?.[1];
    if (package_) throw new TypeError(`${name} names the package ${package_}`);
    for (const [, , to] of text.matchAll(SPECIFIER)) {
      waiting.push(resolve(dirname(path), `${to}.ts`));
    }
    texts.set(name, text.replaceAll(SPECIFIER, '$1"$2.js"'));
  }
  return texts;
}

function programOf(entry: string): ts.Program {
  const options: ts.CompilerOptions = {
    allowImportingTsExtensions: true,
    declaration: true,
    emitDeclarationOnly: true,
    exactOptionalPropertyTypes: true,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noUncheckedIndexedAccess: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    strict: true,
    target: ts.ScriptTarget.ESNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) =>
      ts.resolveModuleName(
        text.startsWith(".") ? text : folderOf(text),
        from,
        options,
        host,
      )
    );
  return ts.createProgram([entry], options, host);
}

/** Where Deno keeps a package of deno.json. */
function folderOf(name: string): string {
  const file = fileURLToPath(import.meta.resolve(name));
  const own = file.lastIndexOf(`/${name}/`) + name.length + 2;
  return file.slice(0, file.indexOf("/", own));
}

function declarationOf(program: ts.Program, path: string): string {
  const source = program.getSourceFile(path);
  if (!source) throw new TypeError(`${path} is not read`);
  let text = "";
  program.emit(source, (_, written) => text = written, undefined, true);
  return /from "zod"/.test(text) ? writtenOut(program, source, text) : text;
}

/** A declaration whose types of a package are written out, or left out. */
function writtenOut(
  program: ts.Program,
  source: ts.SourceFile,
  text: string,
): string {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(source);
  const exported = new Map(
    (module ? checker.getExportsOfModule(module) : [])
      .map((symbol) => [symbol.name, symbol]),
  );
  const emitted = ts.createSourceFile("x.d.ts", text, ts.ScriptTarget.ESNext);
  return emitted.statements.map((statement): string => {
    const own = text.slice(statement.getFullStart(), statement.end);
    if (ts.isImportDeclaration(statement)) {
      return /from "zod"/.test(own) ? "" : own;
    }
    if (!PACKAGE.test(own)) return own;
    const symbol = ts.isTypeAliasDeclaration(statement)
      ? exported.get(statement.name.text)
      : undefined;
    if (!symbol) return "";
    const comment = text.slice(
      statement.getFullStart(),
      statement.getStart(emitted),
    );
    const type = checker.typeToString(
      checker.getDeclaredTypeOfSymbol(symbol),
      undefined,
      ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias |
        ts.TypeFormatFlags.UseFullyQualifiedType,
    ).replaceAll(/import\("([^"]*)"\)/g, (_, to: string) => {
      const from = relative(dirname(source.fileName), to);
      return `import("${from.startsWith(".") ? from : `./${from}`}.ts")`;
    });
    return `${comment}export type ${symbol.name} = ${type};`;
  }).join("");
}
