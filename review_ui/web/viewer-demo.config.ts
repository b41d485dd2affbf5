/** Builds viewer-demo.html alone, for measuring what the viewer shows: `vite build -c viewer-demo.config.ts`. */
import { defineConfig } from 'vite'

export default defineConfig({
  build: { target: 'es2023', assetsInlineLimit: 0, rolldownOptions: { input: 'viewer-demo.html' } },
  worker: { format: 'es' },
})
