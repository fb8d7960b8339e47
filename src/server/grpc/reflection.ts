// grpc.reflection: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md

import type protobuf from 'protobufjs';
import { Failure, messageOf } from '../../base/failure.js';
import { inflate } from '../../decode/compression/inflate.js';
import type { GrpcCall, GrpcMethod } from './call.js';
import { ProtoFiles } from './proto-files.js';
import { grpcCodes } from './status.js';

/** Both versions are the same on the wire. */
const REFLECTION_SERVICES = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];

/** A question is a name. */
const MAX_REQUEST_BYTES = 4096;

/** The question of a ServerReflectionRequest; one of these is set. */
interface Question {
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
  readonly file_containing_extension?: { readonly containing_type: string; readonly extension_number: number };
  readonly all_extension_numbers_of_type?: string;
  readonly list_services?: string;
}

/** Serves the `services` of this listener and all files of proto/. */
export function reflectionMethods(services: readonly string[], timeoutMs: number): ReadonlyMap<string, GrpcMethod> {
  const reflection = new Reflection([...services, ...REFLECTION_SERVICES], timeoutMs);
  return new Map(
    REFLECTION_SERVICES.map((service) => [`/${service}/ServerReflectionInfo`, (call) => reflection.answerAll(call)]),
  );
}

class Reflection {
  readonly #services: readonly string[];
  readonly #timeoutMs: number;
  /** Loaded on the first request, because most listeners never get one. */
  #files: ProtoFiles | undefined;

  constructor(services: readonly string[], timeoutMs: number) {
    this.#services = services;
    this.#timeoutMs = timeoutMs;
  }

  /** One answer per request, until the client ends the stream or the server stops. */
  async answerAll(call: GrpcCall): Promise<void> {
    const reader = call.messages(MAX_REQUEST_BYTES);
    const stop = () => reader.interrupt(new Failure('stopping', 'the server is stopping'));
    call.signal.addEventListener('abort', stop, { once: true });
    for (;;) {
      // Reflection needs no token, so silent clients are cut off after this time.
      const message = await reader.within(this.#timeoutMs, async () => {
        const prefix = await reader.prefix();
        return prefix && reader.message(prefix);
      });
      if (message === undefined) return;
      await call.send(this.#answer(inflate(message.body, message.encoding, MAX_REQUEST_BYTES)));
    }
  }

  #answer(request: Uint8Array): Uint8Array {
    this.#files ??= new ProtoFiles();
    const { root } = this.#files;
    const question = decodeQuestion(root.lookupType('grpc.reflection.v1.ServerReflectionRequest'), request);
    const answer = root.lookupType('grpc.reflection.v1.ServerReflectionResponse');
    return answer
      .encode(answer.fromObject({ original_request: question, ...this.#replyTo(question, this.#files) }))
      .finish();
  }

  #replyTo(question: Question, files: ProtoFiles): object {
    if (question.list_services !== undefined) {
      return { list_services_response: { service: this.#services.map((name) => ({ name })) } };
    }
    if (question.file_by_filename !== undefined) return fileReply(files, question.file_by_filename);
    const symbol = question.file_containing_symbol;
    if (symbol !== undefined) return fileReply(files, files.nameOfFileWith(symbol), symbol);
    const extended = question.all_extension_numbers_of_type;
    if (extended !== undefined && files.nameOfFileWith(extended) !== undefined) {
      return { all_extension_numbers_response: { base_type_name: extended } };
    }
    if (extended !== undefined || question.file_containing_extension !== undefined) {
      return errorReply(grpcCodes.NOT_FOUND, 'there are no such extensions');
    }
    return errorReply(grpcCodes.INVALID_ARGUMENT, 'the request asks nothing');
  }
}

function decodeQuestion(type: protobuf.Type, request: Uint8Array): Question {
  try {
    return type.toObject(type.decode(request));
  } catch (error) {
    throw new Failure('malformed', `cannot decode ServerReflectionRequest: ${messageOf(error)}`, { cause: error });
  }
}

function fileReply(files: ProtoFiles, name: string | undefined, asked = name): object {
  const found = name === undefined ? undefined : files.withDependencies(name);
  if (found === undefined) return errorReply(grpcCodes.NOT_FOUND, `there is no ${asked}`);
  return { file_descriptor_response: { file_descriptor_proto: found.map((file) => file.descriptor) } };
}

function errorReply(code: number, message: string): object {
  return { error_response: { error_code: code, error_message: message } };
}
