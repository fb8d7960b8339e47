// proto/ → descriptors for server reflection: a FileDescriptorProto per file, and the file that defines a name.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import descriptor, {
  type IDescriptorProto,
  type IFileDescriptorProto,
  type IFileDescriptorSet,
} from 'protobufjs/ext/descriptor.js';
import { packageFolder } from '../../base/package-folder.js';

/** Definitions of the package. */
const PROTO_FOLDER = join(packageFolder, 'proto/');

export interface ProtoFile {
  /** Path relative to proto/, as in imports. */
  readonly name: string;
  /** The file as a google.protobuf.FileDescriptorProto. */
  readonly descriptor: Uint8Array;
  readonly dependencies: readonly string[];
}

export class ProtoFiles {
  readonly root: protobuf.Root;
  readonly #byName: ReadonlyMap<string, ProtoFile>;

  constructor() {
    this.root = loadRoot();
    // Descriptors are created per package, and each of our files has its own package.
    const packages = namespaces(this.root).filter((namespace) => fileOf(namespace) !== undefined);
    const { file: descriptors = [] } = this.root.toDescriptor('proto3') as IFileDescriptorSet;
    const files = packages.map((namespace) =>
      protoFile(namespace, descriptors.find((file) => file.package === namespace.fullName.slice(1))!),
    );
    this.#byName = new Map(files.map((file) => [file.name, file]));
  }

  /** A file and all its dependencies, each after the file that needs it. */
  withDependencies(name: string): ProtoFile[] | undefined {
    const first = this.#byName.get(name);
    if (first === undefined) return undefined;
    const found = new Set([first]);
    // Grows while it is walked.
    for (const { dependencies } of found) for (const needed of dependencies) found.add(this.#byName.get(needed)!);
    return [...found];
  }

  /** Name of the file that defines a service, method, message, field, oneof or enum, given by its full name. */
  nameOfFileWith(symbol: string): string | undefined {
    const found = lookup(this.root, symbol);
    for (let at = found; at !== null; at = at.parent) if (at.filename) return relative(at.filename);
    return undefined;
  }
}

function loadRoot(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => (target.startsWith(PROTO_FOLDER) ? target : PROTO_FOLDER + target);
  const files = readdirSync(PROTO_FOLDER, { recursive: true, encoding: 'utf8' });
  root.loadSync(
    files.filter((file) => file.endsWith('.proto')).map((file) => file.replaceAll('\\', '/')),
    { keepCase: true },
  );
  root.resolveAll();
  return root;
}

function namespaces(parent: protobuf.NamespaceBase): protobuf.Namespace[] {
  return parent.nestedArray
    .filter((nested) => nested.constructor === protobuf.Namespace)
    .flatMap((nested) => [nested as protobuf.Namespace, ...namespaces(nested as protobuf.Namespace)]);
}

function fileOf(namespace: protobuf.Namespace): string | undefined {
  return namespace.nestedArray.find(({ filename }) => filename)?.filename ?? undefined;
}

function relative(path: string): string {
  return path.slice(PROTO_FOLDER.length);
}

function protoFile(namespace: protobuf.Namespace, file: IFileDescriptorProto): ProtoFile {
  const name = relative(fileOf(namespace)!);
  // protobufjs gives neither the imports of a file nor the full names of its fields' types.
  const dependencies = new Set<string>();
  const complete = (message: IDescriptorProto, type: protobuf.Type) => {
    for (const field of message.field ?? []) {
      const { resolvedType, map: isMap } = type.fields[field.name!]!;
      const entry = isMap ? message.nestedType!.find((nested) => nested.name === field.typeName) : undefined;
      if (entry !== undefined) {
        // A map is a list of messages that no file declares. protobufjs leaves out the end of their name.
        entry.name = `${entry.name}Entry`;
        field.typeName = `${type.fullName}.${entry.name}`;
      }
      if (resolvedType === null) continue;
      const named = entry === undefined ? field : entry.field!.find(({ name }) => name === 'value')!;
      named.typeName = resolvedType.fullName;
      const needed = definingFile(resolvedType);
      if (needed !== name) dependencies.add(needed);
    }
    for (const nested of message.nestedType ?? []) {
      if (nested.options?.mapEntry !== true) complete(nested, type.lookupType(nested.name!));
    }
  };
  for (const message of file.messageType ?? []) complete(message, namespace.lookupType(message.name!));
  Object.assign(file, { name, dependency: [...dependencies] });
  return { name, descriptor: descriptor.FileDescriptorProto.encode(file).finish(), dependencies: [...dependencies] };
}

function definingFile(object: protobuf.ReflectionObject): string {
  for (let at: protobuf.ReflectionObject | null = object; at !== null; at = at.parent) {
    if (at.filename) return relative(at.filename);
  }
  throw new Error(`BUG: ${object.fullName} is defined in no file`);
}

function lookup(root: protobuf.Root, symbol: string): protobuf.ReflectionObject | null {
  const whole = root.lookup(symbol);
  if (whole !== null) return whole;
  const dot = symbol.lastIndexOf('.');
  const parent = dot === -1 ? null : root.lookup(symbol.slice(0, dot));
  const name = symbol.slice(dot + 1);
  if (parent instanceof protobuf.Service) return parent.methods[name] ?? null;
  if (parent instanceof protobuf.Type) return parent.fields[name] ?? parent.oneofs[name] ?? null;
  return null;
}
