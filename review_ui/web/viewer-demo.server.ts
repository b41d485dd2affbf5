/** Serves the scans that viewer_demo.py made, as the review API does; only under `npm run dev`. */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { parsePx16 } from './src/viewer/px16.ts'

const FOLDER = join(import.meta.dirname, '.demo')

function serve(request: IncomingMessage, response: ServerResponse): void {
  const [, name, level, strip] = (request.url ?? '').split('/')
  if (name === 'scans.json') {
    response.setHeader('content-type', 'application/json')
    response.end(readFileSync(join(FOLDER, 'scans.json')))
    return
  }
  const frame = /^[\w-]+$/.test(name)
    ? parsePx16(readFileSync(join(FOLDER, `${name}.${Number(level)}.px16`))).frames[Number(strip)]
    : undefined
  if (!frame) {
    response.statusCode = 404
    response.end()
    return
  }
  const takesZstd = String(request.headers['accept-encoding']).includes('zstd')
  response.setHeader('content-type', takesZstd ? 'application/x-px16-strip' : 'application/x-px16-strip+zstd')
  if (takesZstd) response.setHeader('content-encoding', 'zstd')
  response.end(frame)
}

export function viewerDemo(): Plugin {
  return {
    name: 'viewer-demo',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use('/demo', serve)
    },
  }
}
