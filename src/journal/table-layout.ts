/** Columns of a table in the description of a body, in the order of their arrays: `name type` or `name type zero`. */
export type TableLayout = readonly [table: string, columns: readonly string[]];
