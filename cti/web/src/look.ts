// Light or dark, normal or large type: kept on this computer, applied before the first paint.
import { reactive, watchEffect } from 'vue'

export const look = reactive({
  dark: localStorage.getItem('hl-dark') === '1',
  large: localStorage.getItem('hl-large') === '1',
})

export function applyLook(): void {
  watchEffect(() => {
    document.documentElement.classList.toggle('dark', look.dark)
    document.documentElement.classList.toggle('large', look.large)
    localStorage.setItem('hl-dark', look.dark ? '1' : '0')
    localStorage.setItem('hl-large', look.large ? '1' : '0')
  })
}
