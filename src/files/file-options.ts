import { flag, word } from '../schema/option-declaration.js';

const filename = flag({ default: false, doc: 'Add a column `filename` with the path of each row.' });
const ignore_errors = flag({
  default: false,
  doc: 'Skip lines, messages and documents that cannot be read, and count them in `otlp_read_error_list()`.',
});

/** What the readers of OTLP files take beside paths. */
export const otlpFileOptions = {
  format: word({
    words: ['auto', 'json', 'jsonl', 'protobuf'],
    default: 'auto',
    defaultText: '`auto`: by content',
    doc: 'What the files hold: one JSON document, a JSON document in each line, or protobuf.',
  }),
  filename,
  ignore_errors,
};

/** What the readers of OTAP files take beside paths. */
export const otapFileOptions = { filename, ignore_errors };
