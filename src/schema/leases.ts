import { nullable, type TelemetryColumn } from './column-declaration.js';

/** The table in which hosts that share a catalog agree on who does what one of them does for all. */
export const leasesTable: {
  readonly name: string;
  readonly doc: string;
  readonly columns: readonly TelemetryColumn[];
} = {
  name: 'otlp_leases',
  doc: 'One row per job that one of several hosts does at a time. Made in catalogs that several hosts share, once retention is on.',
  columns: [
    nullable('job', 'VARCHAR', 'What is done: `retention`.'),
    nullable('holder', 'VARCHAR', 'Host, process and server that does it; NULL when nobody does.'),
    nullable('held_until', 'TIMESTAMP', 'When others may take over.'),
  ],
};
