// Completion from the JSON Schema of a flow: keys by the place in the file, kinds, and the names of nodes.
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'

interface Schema {
  properties?: Record<string, Schema>
  oneOf?: Schema[]
  enum?: string[]
  const?: string
  description?: string
  required?: string[]
  $defs?: Record<string, Schema>
}

/** Where the cursor is: the keys above it by indentation, outermost first. */
function above(lines: string[], indent: number): string[] {
  const path: string[] = []
  let within = indent
  for (let at = lines.length - 1; at >= 0 && within > 0; at -= 1) {
    const found = /^( *)(?:- )?"?([^\s":#{][^":]*)"?:/.exec(lines[at] ?? '')
    if (found && found[1]!.length < within) {
      within = found[1]!.length
      path.unshift(found[2]!)
    }
  }
  return path
}

function options(names: Iterable<string>, type: string, detail: (name: string) => string | undefined = () => undefined, tail = ''): Completion[] {
  return [...names].map((label) => ({ label, type, detail: detail(label), apply: label + tail }))
}

function kindOf(node: Schema): string {
  return node.properties?.kind?.const ?? node.properties?.kind?.enum?.[0] ?? ''
}

/** Return a source of completions; without a schema it offers nothing. */
export function completeFrom(schema: Schema | null): (context: CompletionContext) => CompletionResult | null {
  if (!schema) return () => null
  const kinds = schema.$defs?.node?.oneOf ?? []
  return (context) => {
    const line = context.state.doc.lineAt(context.pos)
    const before = line.text.slice(0, context.pos - line.from)
    const lines = context.state.doc.sliceString(0, line.from).split('\n')
    const value = /^( *)(?:- )?([a-z_]+): *([^\s,{}[\]]*)$/.exec(before) ?? /[{,] *()([a-z_]+): *([^\s,{}[\]]*)$/.exec(before)
    if (value) {
      const [, , key, typed] = value
      if (!typed && !context.explicit && !/ $/.test(before)) return null
      const from = context.pos - typed!.length
      if (key === 'kind') return { from, options: options(kinds.map(kindOf), 'enum', (name) => kinds.find((each) => kindOf(each) === name)?.description) }
      if (TARGETS.has(key!)) return { from, options: options(nodes(context.state.doc.toString()), 'variable') }
      return null
    }
    const key = /^( *)([a-z_]*)$/.exec(before)
    if (!key || (!key[2] && !context.explicit)) return null
    const path = above(lines, key[1]!.length)
    const fields = path.length === 0 ? schema.properties : path[0] === 'nodes' && path.length === 2 ? nodeFields(context, line.number, key[1]!, kinds) : null
    if (!fields) return null
    return { from: context.pos - key[2]!.length, options: options(Object.keys(fields), 'property', (name) => fields[name]?.description, ': ') }
  }
}

const TARGETS = new Set(
  'start fallback to then else otherwise no_input no_match heard nothing open closed answered timeout full empty failed busy no_answer refused joined no_policy recorded requested declined'.split(' '),
)

function nodes(text: string): string[] {
  const after = text.split(/^nodes:/m)[1] ?? ''
  return [...new Set([...after.matchAll(/^ {2}([A-Za-z][\w-]*):/gm)].map((found) => found[1]!)), 'end']
}

function nodeFields(context: CompletionContext, line: number, indent: string, kinds: Schema[]): Record<string, Schema> {
  const doc = context.state.doc
  let kind = ''
  for (const step of [-1, 1]) {
    for (let at = line + step; at >= 1 && at <= doc.lines; at += step) {
      const text = doc.line(at).text
      if (text.trim() && !text.startsWith(indent)) break
      kind ||= new RegExp(`^${indent}kind: *(\\w+)`).exec(text)?.[1] ?? ''
    }
  }
  const known = kinds.find((each) => kindOf(each) === kind)
  return known?.properties ?? { kind: {} }
}
