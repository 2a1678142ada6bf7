// Which page stands under which address, who may open it, and what the left menu shows.
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { loadSession, may, session } from './api'

export interface MenuItem {
  path: string
  title: string
  icon: string
  permissions: string[]
}

/** Each item is shown to whoever has one of the permissions; `icon` is a name of parts/Icon.vue. */
export const MENU: MenuItem[] = [
  { path: '/desk', title: '坐席', icon: 'phone', permissions: ['desk'] },
  { path: '/supervisor', title: '班长', icon: 'board', permissions: ['wallboard', 'search', 'quality', 'reports', 'recordings'] },
  { path: '/unit', title: '工单', icon: 'order', permissions: ['orders.unit', 'orders.read'] },
  { path: '/special', title: '专项', icon: 'map', permissions: ['orders.read', 'merchants', 'merchants.own'] },
  { path: '/admin', title: '管理', icon: 'gear', permissions: ['flows.edit', 'admin.users', 'admin.settings', 'health'] },
]

export function menu(): MenuItem[] {
  return MENU.filter((item) => item.permissions.some(may))
}

const HOMES: [role: string, path: string][] = [['agent', '/desk'], ['supervisor', '/supervisor'], ['admin', '/admin']]

/** Where somebody begins: at the desk when they took a seat, else where their first role works. */
export function home(): string {
  const now = session.now
  if (now?.user.must_change) return '/password'
  const pages = menu().map((item) => item.path)
  const own = HOMES.find(([role, path]) => now?.user.roles.includes(role) && pages.includes(path))
  return (now?.seat && pages.includes('/desk') ? '/desk' : own?.[1]) ?? pages[0] ?? '/nothing'
}

// Inner pages (/supervisor/reports, /admin/flows, …) belong to the views: each has <RouterView> or reads route.params.rest.
const routes: RouteRecordRaw[] = [
  { path: '/', component: () => import('./views/Nothing.vue'), beforeEnter: () => home() }, // no redirect: who is signed in is not known yet
  { path: '/sign-in', component: () => import('./views/SignIn.vue'), meta: { title: '登录', open: true } },
  { path: '/password', component: () => import('./views/Password.vue'), meta: { title: '修改密码' } },
  { path: '/desk', component: () => import('./views/Desk.vue'), meta: { title: '坐席工作台' } },
  { path: '/supervisor/:rest(.*)*', component: () => import('./views/Supervisor.vue'), meta: { title: '班长席' } },
  { path: '/admin/:rest(.*)*', component: () => import('./views/Admin.vue'), meta: { title: '系统管理' } },
  { path: '/unit/:rest(.*)*', component: () => import('./views/Unit.vue'), meta: { title: '工单' } },
  { path: '/special/:rest(.*)*', component: () => import('./views/Special.vue'), meta: { title: '专项业务' } },
  { path: '/:rest(.*)*', component: () => import('./views/Nothing.vue'), meta: { title: '没有这一页' } },
]

export const router = createRouter({ history: createWebHistory(), routes })

router.beforeEach(async (to) => {
  if (!session.known) await loadSession().catch(() => undefined)
  if (to.meta.open) return session.now && !session.expired ? home() : true
  if (!session.now) return { path: '/sign-in', query: to.path === '/' ? {} : { back: to.fullPath } }
  if (session.now.user.must_change && to.path !== '/password') return '/password'
  const item = MENU.find((each) => to.path === each.path || to.path.startsWith(`${each.path}/`))
  if (item && !item.permissions.some(may)) return home()
  return true
})

router.afterEach((to) => {
  document.title = `${String(to.meta.title ?? '')} · 12345 热线`
})
