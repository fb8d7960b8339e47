/** Columns of a table as a body describes them, in the order in which their arrays lie: `name type`, or `name type zero`. */
export type TableLayout = readonly [table: string, columns: readonly string[]];
