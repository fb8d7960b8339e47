import type { LabelsBuilder } from './labels-builder.js';

/** One step of a pipeline: the line that goes on, or undefined for a line that is dropped. Labels are changed in place. */
export type StageFunction = (line: string, labels: LabelsBuilder, timeNs: bigint) => string | undefined;
