// What an Iceberg REST catalog needs that other catalogs do not.

import { isIcebergConflict } from '../../duckdb/errors.js';
import type { CatalogKind } from '../catalog-kind.js';
import { commitsAllOrNothing } from './atomic-commits.js';

export const iceberg: CatalogKind = {
  commitsAllOrNothing,
  readsTablesApart: true,
  checkpoint: 'does nothing',
  name: 'iceberg',
  removal: 'by day',
  isShared: true,
  isConflict: isIcebergConflict,
};
