import type { ModeName } from '../output/result-modes.js';

/** What dot commands and flags change. */
export interface ShellSettings {
  mode: ModeName;
  hasHeaders: boolean;
  nullText: string | undefined;
  /** Between columns, where it is not the mode's own. */
  separator: string | undefined;
  maxRows: number;
  /** 0: the terminal's width. */
  maxWidth: number;
  /** Whether boxes show rows as columns. */
  isColumnWise: boolean;
  thousandSeparator: string;
  decimalSeparator: string;
  /** Table of mode `insert`, as SQL writes its name. */
  insertTable: string;
  isTimed: boolean;
  isEchoed: boolean;
  /** Whether the first error ends an input. */
  isBailing: boolean;
}

export const defaultSettings: Readonly<ShellSettings> = {
  mode: 'duckbox',
  hasHeaders: true,
  nullText: undefined,
  separator: undefined,
  maxRows: 40,
  maxWidth: 0,
  isColumnWise: false,
  thousandSeparator: '',
  decimalSeparator: '.',
  insertTable: '"table"',
  isTimed: false,
  isEchoed: false,
  isBailing: true,
};
