// Something that the server may refuse: its words stand in `problem` until the next try.
import { ref, type Ref } from 'vue'
import { ApiError } from '../api'

export function useTried(): { problem: Ref<string>; done: Ref<string>; tried: (work: () => Promise<void>) => Promise<void> } {
  const problem = ref('')
  const done = ref('')
  async function tried(work: () => Promise<void>): Promise<void> {
    problem.value = ''
    done.value = ''
    try {
      await work()
    } catch (error) {
      problem.value = error instanceof ApiError ? error.message : '没有做成，请稍后再试。'
    }
  }
  return { problem, done, tried }
}
