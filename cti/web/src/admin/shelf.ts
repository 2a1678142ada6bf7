// The files of one shelf while somebody changes them: problems come as they type, edits survive a reload.
import { computed, onBeforeUnmount, reactive, ref, watch } from 'vue'
import { ApiError, ask, get } from '../api'
import type { Checked, Problem, Standing } from './types'

const PAUSE_MS = 350

interface Kept {
  files: Record<string, string>
  based: string
}

function differ(one: Record<string, string>, other: Record<string, string>): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].some((name) => one[name] !== other[name])
}

/** `path` is where the shelf stands under /api, `/api/flows` or `/api/admin/queues`. */
export function useShelf(path: string) {
  const standing = ref<Standing | null>(null)
  const files = reactive<Record<string, string>>({})
  const problems = ref<Problem[]>([])
  const based = ref('')
  const failed = ref('')
  const isChecking = ref(false)
  const isChecked = ref(false)
  const keep = `hl-files:${path}`
  let timer = 0
  let running: Promise<void> | null = null
  let again = false

  const isDirty = computed(() => {
    const now = standing.value?.files
    return now ? differ(now, files) : false
  })
  /** Somebody has published since these edits were begun. */
  const isOutdated = computed(() => standing.value !== null && based.value !== standing.value.digest)

  function lay(wanted: Record<string, string>): void {
    for (const name of Object.keys(files)) if (!(name in wanted)) delete files[name]
    Object.assign(files, wanted)
  }

  async function load(): Promise<void> {
    try {
      standing.value = await get<Standing>(path)
      failed.value = ''
    } catch (error) {
      failed.value = error instanceof ApiError ? error.message : String(error)
      return
    }
    const kept = kepts()
    lay(kept?.files ?? standing.value.files)
    based.value = kept?.based ?? standing.value.digest
    void check()
  }

  /** Look again without touching what is being written. */
  async function refresh(): Promise<void> {
    standing.value = await get<Standing>(path)
    if (!isDirty.value) based.value = standing.value.digest
  }

  function kepts(): Kept | null {
    try {
      const found = JSON.parse(sessionStorage.getItem(keep) ?? 'null') as Kept | null
      return found && typeof found.files === 'object' ? found : null
    } catch {
      return null
    }
  }

  /** Give up all edits. */
  function revert(): void {
    if (!standing.value) return
    lay(standing.value.files)
    based.value = standing.value.digest
    sessionStorage.removeItem(keep)
  }

  /** Have the files checked as they are now; what is asked while a check is running makes it run once more. */
  function check(): Promise<void> {
    if (running) again = true
    else running = checkAll()
    return running
  }

  async function checkAll(): Promise<void> {
    isChecking.value = true
    do {
      again = false
      const asked = { ...files }
      try {
        const found = await ask<Checked>('POST', `${path}/check`, { files: asked }, 40_000)
        problems.value = found.problems
        isChecked.value = !differ(asked, files) // what was written meanwhile has not been checked
        failed.value = ''
      } catch (error) {
        failed.value = error instanceof ApiError ? error.message : String(error)
        isChecked.value = false
      }
    } while (again)
    running = null
    isChecking.value = false
  }

  watch(files, () => {
    isChecked.value = false
    window.clearTimeout(timer)
    timer = window.setTimeout(() => {
      keepEdits()
      void check()
    }, PAUSE_MS)
  })

  function keepEdits(): void {
    if (!standing.value) return
    try {
      if (isDirty.value) sessionStorage.setItem(keep, JSON.stringify({ files, based: based.value }))
      else sessionStorage.removeItem(keep)
    } catch {
      // A full store only means that a reload would lose the edits.
    }
  }

  /** The wish was granted: what was written is in use. */
  async function published(): Promise<void> {
    sessionStorage.removeItem(keep)
    standing.value = await get<Standing>(path)
    lay(standing.value.files)
    based.value = standing.value.digest
  }

  function warn(event: BeforeUnloadEvent): void {
    if (isDirty.value) event.preventDefault()
  }
  window.addEventListener('beforeunload', warn)
  window.addEventListener('pagehide', keepEdits)
  onBeforeUnmount(() => {
    keepEdits()
    window.removeEventListener('pagehide', keepEdits)
    window.clearTimeout(timer)
    window.removeEventListener('beforeunload', warn)
  })
  void load()
  return { path, standing, files, problems, based, failed, isChecking, isChecked, isDirty, isOutdated, load, refresh, revert, check, published }
}
export type ShelfState = ReturnType<typeof useShelf>
