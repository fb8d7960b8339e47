// The field in which a query is written. It stands in a shadow root, where the editor's styles come in as objects: a style element would be
// refused by the policy of the page.

import {
  autocompletion,
  type CompletionSource,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { EditorState, type Extension, Prec } from '@codemirror/state';
import { drawSelection, EditorView, keymap, placeholder as placeholderText } from '@codemirror/view';
import type { Ref } from 'preact';
import { useEffect, useImperativeHandle, useRef } from 'preact/hooks';
import { highlighting, language } from '../languages/language.js';
import type { Words } from '../languages/words.js';

export interface EditorHandle {
  focus(): void;
}

export interface QueryEditorProps {
  readonly label: string;
  readonly value: string;
  readonly words: Words;
  readonly complete: CompletionSource;
  readonly placeholder?: string;
  /** Enter runs the query where it usually has one line; Ctrl or ⌘ with Enter does everywhere. */
  readonly lines: 'one' | 'several';
  readonly run: (text: string) => void;
  /** Each change, before it is run. */
  readonly changed?: (text: string) => void;
  readonly handle: Ref<EditorHandle>;
}

const theme = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'transparent', fontSize: '13px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', maxHeight: '40vh' },
  '.cm-content': { padding: '7px 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 10px' },
  '.cm-cursor': { borderLeftColor: 'var(--text)', borderLeftWidth: '1.5px' },
  '.cm-placeholder': { color: 'var(--faint)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--selection)',
  },
  '.cm-matchingBracket': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--selection)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--surface)',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    boxShadow: 'var(--shadow)',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px', maxHeight: '260px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px', lineHeight: '18px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--on-accent)',
  },
  '.cm-completionIcon': { display: 'none' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal', marginLeft: '1em' },
  'li[aria-selected] .cm-completionDetail': { color: 'inherit' },
});

export function QueryEditor(props: QueryEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const shadow = box.current!.shadowRoot ?? box.current!.attachShadow({ mode: 'open' });
    const editor = new EditorView({
      parent: shadow,
      root: shadow,
      state: EditorState.create({ doc: latest.current.value, extensions: extensionsOf(latest) }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);
  useEffect(() => {
    const editor = view.current!;
    const shown = editor.state.doc.toString();
    if (shown !== props.value) editor.dispatch({ changes: { from: 0, to: shown.length, insert: props.value } });
  }, [props.value]);
  useImperativeHandle(props.handle, () => ({ focus: () => view.current?.focus() }), []);
  return <div ref={box} class="editor" />;
}

/** Back to the keys of the page. */
function leave(editor: EditorView): boolean {
  editor.contentDOM.blur();
  return true;
}

function extensionsOf(latest: { readonly current: QueryEditorProps }): Extension {
  const { label, words, placeholder = '', lines } = latest.current;
  const run = (editor: EditorView) => {
    latest.current.run(editor.state.doc.toString());
    return true;
  };
  const runs = [{ key: 'Mod-Enter', run }];
  return [
    Prec.highest(keymap.of(runs)),
    // Below the menu's keys, which take Enter while it is open.
    keymap.of([
      ...completionKeymap,
      ...(lines === 'one' ? [{ key: 'Enter', run, shift: insertNewlineAndIndent }] : []),
      { key: 'Escape', run: leave },
      ...closeBracketsKeymap,
      ...historyKeymap,
      ...defaultKeymap,
    ]),
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ override: [(context) => latest.current.complete(context)], icons: false, maxRenderedOptions: 60 }),
    language(words),
    highlighting,
    theme,
    EditorView.lineWrapping,
    placeholderText(placeholder),
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocapitalize: 'off' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.changed?.(update.state.doc.toString());
    }),
  ];
}
