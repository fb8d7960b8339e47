import { expect, test } from 'vitest';
import { EditBuffer } from '../../src/host/shell/edit-buffer.js';

/** `|` stands for the cursor. */
function bufferOf(text: string): EditBuffer {
  const buffer = new EditBuffer();
  buffer.set(text.replace('|', ''), text.indexOf('|'));
  return buffer;
}

for (const [before, act, after] of [
  ['a|', (b) => b.deleteBack(), '|'],
  ['👩‍🚀|', (b) => b.deleteBack(), '|'],
  ['|e\u0301x', (b) => b.deleteForward(), '|x'],
  ['a👩‍🚀|', (b) => b.left(), 'a|👩‍🚀'],
  ['SELECT a_b |', (b) => b.cutWordBack(), 'SELECT |'],
  ['SELECT |a_b;', (b) => b.cutWordForward(), 'SELECT |;'],
  ['one two|', (b) => b.wordLeft(), 'one |two'],
  ['one| two', (b) => b.wordRight(), 'one two|'],
  ['one\ntw|o', (b) => b.cutToLineStart(), 'one\n|o'],
  ['one\n|two', (b) => b.cutToLineStart(), 'one|two'],
  ['o|ne\ntwo', (b) => b.cutToLineEnd(), 'o|\ntwo'],
  ['one|\ntwo', (b) => b.cutToLineEnd(), 'one|two'],
  ['one\nt|wo', (b) => b.lineStart(), 'one\n|two'],
  ['o|ne\ntwo', (b) => b.lineEnd(), 'one|\ntwo'],
  ['long\nab\nlo|ng', (b) => b.up(), 'long\nab|\nlong'],
  ['long|\nab', (b) => b.down(), 'long\nab|'],
  ['|one', (b) => b.up(), '|one'],
  ['one\n👩‍🚀\non|e', (b) => b.up(), 'one\n|👩‍🚀\none'],
  ['ab|c', (b) => b.transpose(), 'acb|'],
  ['abc|', (b) => b.transpose(), 'acb|'],
  ['a|', (b) => b.transpose(), 'a|'],
  ['one| two', (b) => [b.insert('x'), b.undo()], 'one| two'],
  ['one| two', (b) => [b.cutWordBack(), b.lineEnd(), b.yank()], ' twoone|'],
] as [string, (buffer: EditBuffer) => unknown, string][]) {
  test(`${JSON.stringify(before)} → ${JSON.stringify(after)} by ${String(act).replace(/^.*=> /, '')}`, () => {
    const buffer = bufferOf(before);
    act(buffer);
    expect(`${buffer.text.slice(0, buffer.cursor)}|${buffer.text.slice(buffer.cursor)}`).toBe(after);
  });
}
