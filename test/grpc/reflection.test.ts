import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { describe, expect, test } from 'vitest';
import { GrpcClient } from './grpc-client.js';
import { serveGrpc } from './grpc-server.js';

const proto = protobuf.loadSync(new URL('../../proto/grpc/reflection/v1/reflection.proto', import.meta.url).pathname);
const Request = proto.lookupType('grpc.reflection.v1.ServerReflectionRequest');
const Response = proto.lookupType('grpc.reflection.v1.ServerReflectionResponse');

const versions = ['v1', 'v1alpha'];
const pathOf = (version: string) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
const noToken = {};

interface Answer {
  readonly originalRequest: object;
  readonly listServicesResponse?: { service: { name: string }[] };
  readonly fileDescriptorResponse?: { fileDescriptorProto: Uint8Array[] };
  readonly allExtensionNumbersResponse?: { baseTypeName: string };
  readonly errorResponse?: { errorCode: number; errorMessage: string };
}

/** Asks all questions on one stream, in order. */
async function answers(port: number, questions: readonly object[], version = 'v1'): Promise<Answer[]> {
  const stream = new GrpcClient(port).stream(pathOf(version), noToken);
  const found: Answer[] = [];
  for (const question of questions) {
    stream.send(Request.encode(Request.fromObject(question)).finish());
    found.push(Response.toObject(Response.decode((await stream.next())!)) as Answer);
  }
  stream.end();
  expect(await stream.ended).toMatchObject({ code: 'OK' });
  return found;
}

interface FileDescriptor {
  readonly name: string;
  readonly package: string;
  readonly dependency: string[];
  readonly syntax: string;
}

function filesIn({ fileDescriptorResponse }: Answer): FileDescriptor[] {
  return fileDescriptorResponse!.fileDescriptorProto.map(
    (file) => descriptor.FileDescriptorProto.decode(file) as unknown as FileDescriptor,
  );
}

describe.each(versions)('grpc.reflection.%s', (version) => {
  test('lists the services of the listener', async () => {
    const [answer] = await answers((await serveGrpc()).port, [{ listServices: '' }], version);
    expect(answer!.listServicesResponse!.service.map(({ name }) => name)).toEqual([
      'opentelemetry.proto.collector.logs.v1.LogsService',
      'opentelemetry.proto.collector.trace.v1.TraceService',
      'opentelemetry.proto.collector.metrics.v1.MetricsService',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
  });

  test('every service can be described, with all that it needs', async () => {
    const { port } = await serveGrpc();
    const [listed] = await answers(port, [{ listServices: '' }], version);
    for (const { name } of listed!.listServicesResponse!.service) {
      const [answer] = await answers(port, [{ fileContainingSymbol: name }], version);
      const files = filesIn(answer!);
      expect(files[0]!.package).toBe(name.slice(0, name.lastIndexOf('.')));
      const names = files.map((file) => file.name);
      for (const { dependency } of files) for (const needed of dependency) expect(names).toContain(needed);
      // Whoever builds types from the answer finds each type of each field.
      const root = (protobuf.Root as unknown as { fromDescriptor(set: object): protobuf.Root }).fromDescriptor(
        descriptor.FileDescriptorSet.encode({ file: files }).finish(),
      );
      root.resolveAll();
      expect(Object.keys(root.lookupService(name).methods)).not.toEqual([]);
    }
  });
});

describe('files', () => {
  const logsFile = 'opentelemetry/proto/logs/v1/logs.proto';

  for (const [question, name] of [
    [{ fileByFilename: logsFile }, logsFile],
    [{ fileContainingSymbol: 'opentelemetry.proto.logs.v1.LogRecord' }, logsFile],
    [{ fileContainingSymbol: 'opentelemetry.proto.logs.v1.LogRecord.body' }, logsFile],
    [{ fileContainingSymbol: 'opentelemetry.proto.logs.v1.SeverityNumber' }, logsFile],
    [
      { fileContainingSymbol: 'opentelemetry.proto.collector.logs.v1.LogsService.Export' },
      'opentelemetry/proto/collector/logs/v1/logs_service.proto',
    ],
    [{ fileContainingSymbol: 'grpc.health.v1.HealthCheckResponse.ServingStatus' }, 'grpc/health/v1/health.proto'],
    [
      { fileContainingSymbol: 'opentelemetry.proto.common.v1.AnyValue.value' },
      'opentelemetry/proto/common/v1/common.proto',
    ],
  ] as const) {
    test(`${JSON.stringify(question)} is in ${name}`, async () => {
      const [answer] = await answers((await serveGrpc()).port, [question]);
      expect(filesIn(answer!)[0]).toMatchObject({ name, syntax: 'proto3' });
      expect(answer!.originalRequest).toEqual(question);
    });
  }

  // No file declares the message that an entry of a map is, so that a client of reflection has to be given it whole.
  test('a map has the messages that its entries are', async () => {
    const [answer] = await answers((await serveGrpc()).port, [{ fileContainingSymbol: 'tempopb.TraceSearchMetadata' }]);
    const [file] = answer!.fileDescriptorResponse!.fileDescriptorProto;
    const { messageType } = descriptor.FileDescriptorProto.decode(file!) as unknown as descriptor.IFileDescriptorProto;
    const type = messageType!.find(({ name }) => name === 'TraceSearchMetadata')!;
    const field = type.field!.find(({ name }) => name === 'serviceStats')!;
    expect(field.typeName).toBe('.tempopb.TraceSearchMetadata.ServiceStatsEntry');
    expect(type.nestedType).toMatchObject([
      {
        name: 'ServiceStatsEntry',
        field: [{ name: 'key' }, { name: 'value', typeName: '.tempopb.ServiceStats' }],
        options: { mapEntry: true },
      },
    ]);
  });

  test('the file of logs needs those of resources and of common types', async () => {
    const [answer] = await answers((await serveGrpc()).port, [{ fileByFilename: logsFile }]);
    expect(
      filesIn(answer!)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([
      'opentelemetry/proto/common/v1/common.proto',
      logsFile,
      'opentelemetry/proto/resource/v1/resource.proto',
    ]);
  });
});

test('what there is not is NOT_FOUND, and the stream goes on', async () => {
  const found = await answers((await serveGrpc()).port, [
    { fileByFilename: 'nothing.proto' },
    { fileByFilename: '../package.json' },
    { fileContainingSymbol: 'nothing.Here' },
    { fileContainingSymbol: '' },
    { fileContainingSymbol: 'opentelemetry.proto.logs' },
    { fileContainingExtension: { containingType: 'opentelemetry.proto.logs.v1.LogRecord', extensionNumber: 5 } },
    { allExtensionNumbersOfType: 'nothing.Here' },
    {},
    { allExtensionNumbersOfType: 'opentelemetry.proto.logs.v1.LogRecord' },
  ]);
  expect(found.map(({ errorResponse }) => errorResponse?.errorCode)).toEqual([5, 5, 5, 5, 5, 5, 5, 3, undefined]);
  expect(found.at(-1)!.allExtensionNumbersResponse).toEqual({
    baseTypeName: 'opentelemetry.proto.logs.v1.LogRecord',
  });
});

test('a question that cannot be read ends the stream', async () => {
  const stream = new GrpcClient((await serveGrpc()).port).stream(pathOf('v1'), noToken);
  stream.send(Buffer.from([0x1a, 0x7f]));
  expect(await stream.ended).toMatchObject({ code: 'INVALID_ARGUMENT' });
});

test('a client that asks nothing is not waited for', async () => {
  const { port } = await serveGrpc({ request_timeout_ms: 200 });
  const stream = new GrpcClient(port).stream(pathOf('v1'), noToken);
  expect(await stream.ended).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
});
