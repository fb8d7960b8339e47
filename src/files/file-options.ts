import { flag, word } from '../schema/option-declaration.js';

const filename = flag({
  default: false,
  doc: 'Add a column `filename` with the path of the file that each row comes from.',
});
const ignore_errors = flag({
  default: false,
  doc: 'Skip lines, messages and documents that cannot be read, and count them in `otlp_read_error_list()`.',
});

/** Options of the readers of OTLP files. */
export const otlpFileOptions = {
  format: word({
    words: ['auto', 'json', 'jsonl', 'protobuf'],
    default: 'auto',
    defaultText: '`auto`: by content',
    doc: 'Format of the files: one JSON document, one JSON document per line, or protobuf.',
  }),
  filename,
  ignore_errors,
};

/** Options of the readers of OTAP files. */
export const otapFileOptions = { filename, ignore_errors };
