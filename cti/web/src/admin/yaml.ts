// The YAML editor: CodeMirror in a shadow root, whose styles a strict CSP allows; colours come from the page's own.
import { autocompletion, closeBrackets, completionKeymap, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import type { Problem } from './types'

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--blue)' },
  { tag: [tags.string, tags.content], color: 'var(--ink)' },
  { tag: tags.comment, color: 'var(--green)' },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: 'var(--ink-3)' },
  { tag: [tags.keyword, tags.atom, tags.number], color: 'var(--red)' },
])
const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--paper)', fontSize: '0.95rem' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-gutters': { backgroundColor: 'var(--paper-2)', color: 'var(--ink-3)', border: 'none', borderRight: '1px solid var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--blue-soft)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused': { outline: '2px solid var(--blue)', outlineOffset: '-2px' },
  '.cm-tooltip': { backgroundColor: 'var(--paper)', color: 'var(--ink)', border: '1px solid var(--line)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--blue)', color: 'var(--on-colour)' },
  '.cm-completionDetail': { color: 'inherit', fontStyle: 'normal' },
  '.cm-diagnostic': { padding: '0.4rem 0.6rem' },
})
const PHRASES = EditorState.phrases.of({ Completions: '补全', Diagnostics: '问题', 'No diagnostics': '没有问题', 'Control character': '控制字符' })

type Complete = (context: CompletionContext) => CompletionResult | null

/** Return an editor in `host`; `changed` hears every edit, `moved` the line where the cursor stands. */
export function makeEditor(
  host: HTMLElement,
  text: string,
  label: string,
  changed: (text: string) => void,
  complete: Complete,
  isReadOnly: boolean,
): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  const state = EditorState.create({
    doc: text,
    extensions: [
      lineNumbers(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of('  '),
      bracketMatching(),
      closeBrackets(),
      yaml(),
      syntaxHighlighting(colours),
      autocompletion({ override: [complete], icons: false }),
      lintGutter(),
      theme,
      PHRASES,
      EditorState.readOnly.of(isReadOnly),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed(update.state.doc.toString())
      }),
      keymap.of([...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap]),
    ],
  })
  return new EditorView({ state, parent: root, root })
}

/** Show the server's verdict: each problem from its column to the end of the word or line. */
export function showProblems(view: EditorView, problems: Problem[]): void {
  const found: Diagnostic[] = problems.map((problem) => {
    const line = view.state.doc.line(Math.min(Math.max(1, problem.line), view.state.doc.lines))
    const from = Math.min(line.from + Math.max(0, problem.column - 1), line.to)
    const rest = view.state.sliceDoc(from, line.to)
    const to = from + Math.max(1, /^[^\s:,}\]]+/.exec(rest)?.[0].length ?? rest.length)
    const clause = problem.clause ? `（依据：${problem.clause}）` : ''
    return { from, to: Math.min(to, view.state.doc.length), severity: problem.severity, message: `${problem.what}${clause} 改法：${problem.remedy}` }
  })
  view.dispatch(setDiagnostics(view.state, found))
}

/** Go to a line and show it; `last` selects up to it. */
export function goTo(view: EditorView, first: number, last = first, focus = true): void {
  const doc = view.state.doc
  const begin = doc.line(Math.min(Math.max(1, first), doc.lines))
  const end = doc.line(Math.min(Math.max(first, last), doc.lines))
  view.dispatch({ selection: { anchor: begin.from, head: last > first ? end.to : begin.from }, effects: EditorView.scrollIntoView(begin.from, { y: 'center' }) })
  if (focus) view.focus()
}
