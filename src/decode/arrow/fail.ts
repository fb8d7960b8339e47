import { Failure } from '../../base/failure.js';

/** Refuses what is being read. */
export type Fail = (problem: string) => never;

/** Refuses a message because of one of its payloads. */
export function payloadFail(payload: string): Fail {
  return (problem) => {
    throw new Failure('malformed', `cannot decode ${payload}: ${problem}`);
  };
}
