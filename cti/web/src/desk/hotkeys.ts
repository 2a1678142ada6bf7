// The keys of the desk: one table, shown by the help and obeyed by the page.
export interface Hotkey {
  keys: string
  title: string
  run: () => void
}

const SPECIAL = /^(F\d+|Esc)$/

/** The name of a key press as the table writes it: `F2`, `Alt+R`, `Ctrl+Enter`, `?`. */
export function pressed(event: KeyboardEvent): string {
  const parts = [event.ctrlKey || event.metaKey ? 'Ctrl' : '', event.altKey ? 'Alt' : '', event.shiftKey && event.key.length > 1 ? 'Shift' : '']
  const letter = event.code.startsWith('Key') && event.altKey ? event.code.slice(3) : event.code.startsWith('Digit') && event.altKey ? event.code.slice(5) : event.key
  const name = letter === 'Escape' ? 'Esc' : letter.length === 1 ? letter.toUpperCase() : letter
  return [...parts.filter(Boolean), name].join('+')
}

/** Whether a key may act while somebody types in a field. */
export function worksWhileTyping(keys: string): boolean {
  return SPECIAL.test(keys) || keys.includes('+')
}

export function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  return Boolean(element?.closest?.('input, textarea, select, [contenteditable=true]'))
}

export function obey(table: () => Hotkey[]): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.isComposing || event.repeat) return
    const name = pressed(event)
    const found = table().find((each) => each.keys === name)
    if (!found || (isTyping(event.target) && !worksWhileTyping(name))) return
    event.preventDefault()
    found.run()
  }
}
