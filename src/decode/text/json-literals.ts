// Pieces of the JSON that columns hold, with the names of its members spelled once for all decoders.

import { Literal } from './json-text.js';

export const TRUE = new Literal('true');
export const FALSE = new Literal('false');
export const NULL = new Literal('null');
export const EMPTY_OBJECT = new Literal('{}');

// Members of events_json, links_json and exemplars_json.
export const ATTRIBUTES = new Literal('{"attributes":');
export const FILTERED_ATTRIBUTES = new Literal('{"filtered_attributes":');
export const DROPPED_ATTRIBUTES_COUNT = new Literal(',"dropped_attributes_count":');
export const NAME = new Literal(',"name":');
export const TIME_UNIX_NANO = new Literal(',"time_unix_nano":');
export const FLAGS = new Literal(',"flags":');
export const SPAN_ID = new Literal(',"span_id":');
export const TRACE_ID = new Literal(',"trace_id":');
export const TRACE_STATE = new Literal(',"trace_state":');
export const VALUE = new Literal(',"value":');
