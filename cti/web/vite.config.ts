// The built pages go to cti/adapters/web/dist (build.py copies them); a strict CSP forbids inlined scripts and eval.
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

/** `import { ElButton } from 'element-plus'` brings the button's styles along, and only those. */
function elementStyles(): Plugin {
  const named = /import\s*\{([^}]+)\}\s*from\s*['"]element-plus['"]/g
  return {
    name: 'element-styles',
    enforce: 'post',
    transform(code, id) {
      if (id.includes('node_modules')) return null
      const found = new Set<string>()
      for (const [, names] of code.matchAll(named)) {
        for (const [, name] of (names ?? '').matchAll(/\bEl([A-Z]\w*)/g)) {
          found.add((name ?? '').replace(/(?<!^)([A-Z])/g, '-$1').toLowerCase())
        }
      }
      if (!found.size) return null
      const styles = [...found].map((name) => `import 'element-plus/es/components/${name}/style/css'`)
      return { code: `${styles.join('\n')}\n${code}`, map: null }
    },
  }
}

export default defineConfig({
  plugins: [vue(), elementStyles()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
})
