import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { viewerDemo } from './viewer-demo.server.ts'

// `npm run dev` talks to a server started with `shenxiang serve` or `shenxiang demo`.
const api = process.env.SHENXIANG_API ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react(), viewerDemo()],
  build: {
    target: 'es2023',
    // Inlined assets would need data: in the content security policy.
    assetsInlineLimit: 0,
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': { target: api, changeOrigin: false } } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'viewer',
          environment: 'node',
          include: ['src/viewer/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'page',
          environment: 'happy-dom',
          include: ['src/**/*.test.{ts,tsx}'],
          exclude: ['src/viewer/**'],
        },
      },
    ],
  },
})
