import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useShortcuts } from '../keys.js';
import { Icon } from './icon.js';
import { type EditorHandle, QueryEditor, type QueryEditorProps } from './query-editor.js';

type QueryBarProps = Omit<QueryEditorProps, 'handle' | 'changed' | 'lines'> & {
  readonly lines?: QueryEditorProps['lines'];
  readonly children?: ComponentChildren;
};

/** An editor with what runs its query, which is the same query again where nothing was changed. */
export function QueryBar({ lines = 'one', children, ...editor }: QueryBarProps) {
  const handle = useRef<EditorHandle>(null);
  const [text, setText] = useState(editor.value);
  useEffect(() => setText(editor.value), [editor.value]);
  useShortcuts('Query', [{ keys: '/', does: 'Write the query', run: () => handle.current?.focus() }]);
  return (
    <div class={lines === 'one' ? 'query-bar' : 'query-bar is-tall'}>
      <QueryEditor {...editor} lines={lines} handle={handle} changed={setText} />
      <div class="query-actions">
        {children}
        <button
          type="button"
          class={text === editor.value ? 'button' : 'button is-primary'}
          onClick={() => editor.run(text)}
        >
          <Icon name="play" />
          Run
        </button>
      </div>
    </div>
  );
}
