import type { StructFunction } from '../duckdb/struct-function.js';
import { httpUrl, parseListenUri } from '../server/listen-uri.js';

/** `otlp_uri_parser(uri)`: the parts of a listen URI, as the serve functions read it. */
export const otlpUriParser: StructFunction = {
  name: 'otlp_uri_parser',
  fields: { host: 'VARCHAR', port: 'USMALLINT', ipv6: 'BOOLEAN', url: 'VARCHAR' },
  value(text) {
    const uri = parseListenUri(text);
    return { host: uri.host, port: uri.port, ipv6: uri.ipv6, url: httpUrl(uri) };
  },
};
