import { readdirSync } from 'node:fs';
import ts from 'typescript';
import { read } from './fences.js';

/** A field of a class or an interface, as its source declares it. */
export interface DeclaredField {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
}

type Declaration = ts.ClassDeclaration | ts.InterfaceDeclaration;

/** The classes and interfaces of the sources in a folder, by name. */
export function declarationsIn(folder: string): Map<string, Declaration> {
  const files = readdirSync(new URL(`../../${folder}`, import.meta.url)).filter((name) => !name.endsWith('.spec.ts'));
  const statements = files.flatMap((name) => {
    const source = ts.createSourceFile(name, read(`${folder}/${name}`), ts.ScriptTarget.ES2022, true);
    return [...source.statements];
  });
  const declared = statements.filter(
    (statement): statement is Declaration => ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement),
  );
  return new Map(declared.map((declaration) => [declaration.name?.text ?? '', declaration]));
}

/** The fields of a class or interface with those that it inherits. */
export function fieldsOf(name: string, declarations: ReadonlyMap<string, Declaration>): DeclaredField[] {
  const declaration = declarations.get(name);
  if (declaration === undefined) return [];
  const parents = (declaration.heritageClauses ?? []).flatMap(({ types }) => types.map(({ expression }) => expression));
  const inherited = parents.flatMap((parent) => fieldsOf(parent.getText(), declarations));
  const own: DeclaredField[] = [];
  for (const member of declaration.members) {
    if (!ts.isPropertyDeclaration(member) && !ts.isPropertySignature(member)) continue;
    const isOptional = member.questionToken !== undefined;
    own.push({ name: member.name.getText(), type: member.type?.getText() ?? '', isOptional });
  }
  return [...inherited, ...own];
}
