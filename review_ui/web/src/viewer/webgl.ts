/**
 * The WebGL2 renderer: the same integer arithmetic as raster.ts in a fragment shader, so the same pixels.
 *
 * Planes lie in integer texture arrays, cut into tiles where they exceed the largest texture. Rows are
 * uploaded once, as they arrive. Window, level and colours are look-up textures.
 */
import type { Colours } from './colour'
import type { LevelPixels, ScanPixels } from './pixels'
import { type Axis, type DrawStyle, type FrameSpec, planeOf, planFrame, type Run, unturned } from './raster'
import type { Renderer } from './renderer'
import { FRAGMENT_SHADER, VERTEX_SHADER } from './shaders'
import { sharpenAmount } from './sharpen'

type GL = WebGL2RenderingContext
type Plane = Uint16Array | Uint8Array

interface PlaneTexture {
  texture: WebGLTexture
  uploaded: Uint8Array
  tile: [number, number]
  tilesAcross: number
}

const UNIT = { plane: 0, hue: 1, columns: 2, rows: 3, values: 4, luminance: 5, palette: 6 } as const

/** Moves every index to 0, the only pixel of a plane without hues. */
const NOTHING_SHIFT = 30

export class WebGlUnavailableError extends Error {
  override name = 'WebGlUnavailableError'
}

export class WebGlRenderer implements Renderer {
  readonly name = 'webgl2'
  readonly canvas = document.createElement('canvas')
  private readonly gl: GL
  private readonly program: WebGLProgram
  private readonly uniforms = new Map<string, WebGLUniformLocation | null>()
  private readonly maxSide: number
  /** Textures of a scan's planes, by scan key. */
  private readonly scans = new Map<string, Map<Plane, PlaneTexture>>()
  private readonly tables: Record<'columns' | 'rows' | 'values' | 'luminance' | 'palette', WebGLTexture>
  private readonly noHue: PlaneTexture
  private coloursVersion = -1
  private palette: Uint32Array | null = null

  /**
   * @param requireFast Refuse a context that draws in software.
   * @param onLost Called once when the context is lost; the renderer is of no use afterwards.
   * @throws WebGlUnavailableError if there is no such context.
   */
  constructor({ requireFast, onLost }: { requireFast: boolean; onLost: () => void }) {
    const gl = this.canvas.getContext('webgl2', {
      alpha: true,
      antialias: false,
      depth: false,
      stencil: false,
      powerPreference: 'high-performance',
      failIfMajorPerformanceCaveat: requireFast,
    })
    if (!gl) throw new WebGlUnavailableError('this browser gave no WebGL2 context')
    this.gl = gl
    this.canvas.addEventListener('webglcontextlost', onLost, { once: true })
    this.maxSide = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number
    this.program = link(gl)
    // biome-ignore lint/correctness/useHookAtTopLevel: a WebGL call, no React hook
    gl.useProgram(this.program)
    for (const [name, unit] of Object.entries(UNIT)) gl.uniform1i(this.uniform(name), unit)
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1)
    this.tables = {
      columns: newTexture(gl, gl.TEXTURE_2D),
      rows: newTexture(gl, gl.TEXTURE_2D),
      values: newTexture(gl, gl.TEXTURE_2D),
      luminance: newTexture(gl, gl.TEXTURE_2D),
      palette: newTexture(gl, gl.TEXTURE_2D),
    }
    this.noHue = this.newPlane(new Uint8Array(1), 1, 1)
    this.fillTables()
  }

  /** Every sampler needs a complete texture, used or not. */
  private fillTables(): void {
    const { gl } = this
    this.setTable('values', gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, [256, 256], new Uint8Array(256 * 256 * 4))
    this.setTable('palette', gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, [256, 64], new Uint8Array(256 * 64 * 4))
  }

  draw(scan: ScanPixels | null, spec: FrameSpec, style: DrawStyle): void {
    const { gl, canvas } = this
    if (canvas.width !== spec.width || canvas.height !== spec.height) {
      canvas.width = spec.width
      canvas.height = spec.height
    }
    gl.viewport(0, 0, spec.width, spec.height)
    gl.disable(gl.SCISSOR_TEST)
    gl.clearColor(0, 0, 0, 0)
    gl.clear(gl.COLOR_BUFFER_BIT)
    if (!scan) return
    this.setColours(style.colours)
    gl.uniform1i(this.uniform('outWidth'), spec.width)
    gl.uniform1i(this.uniform('outHeight'), spec.height)
    gl.uniform1i(this.uniform('amount'), sharpenAmount(style.sharpen))
    gl.enable(gl.SCISSOR_TEST)
    const frame = unturned(spec)
    gl.uniform1i(this.uniform('isTurned'), frame.isTurned ? 1 : 0)
    for (const run of planFrame(scan, frame.spec)) this.drawRun(scan, run, frame, style)
  }

  private drawRun(
    scan: ScanPixels,
    run: Run,
    { spec, isTurned }: ReturnType<typeof unturned>,
    style: DrawStyle,
  ): void {
    const { gl } = this
    const { level, columns, rows } = run
    const plane = this.planeTexture(scan, planeOf(level, style), level.width, level.ready)
    const hue = this.hueTexture(scan, level, style.colours)
    // Uploads bind to unit 0, so both textures are made before either is bound.
    this.bindPlane('plane', plane)
    this.bindPlane('hue', hue ?? this.noHue)
    gl.uniform1i(this.uniform('hasHue'), style.colours.palette ? 1 : 0)
    gl.uniform1i(this.uniform('hueShift'), hue ? level.hueShift : NOTHING_SHIFT)
    gl.uniform2i(this.uniform('size'), level.width, level.height)
    this.setAxis('columns', columns)
    this.setAxis('rows', rows)
    const [across, along] = [Math.max(0, columns.to - columns.from), run.to - run.from]
    // From below: a turned frame's rows run from right to left.
    if (isTurned) gl.scissor(spec.height - run.to, spec.width - columns.from - across, along, across)
    else gl.scissor(columns.from, spec.height - run.to, across, along)
    gl.drawArrays(gl.TRIANGLES, 0, 3)
  }

  private hueTexture(scan: ScanPixels, level: LevelPixels, { palette }: Colours): PlaneTexture | null {
    const ready = level.hueShift === 1 ? scan.level(1)?.ready : level.ready
    return palette && level.hue && ready ? this.planeTexture(scan, level.hue, level.hueWidth, ready) : null
  }

  private uniform(name: string): WebGLUniformLocation | null {
    if (!this.uniforms.has(name)) this.uniforms.set(name, this.gl.getUniformLocation(this.program, name))
    return this.uniforms.get(name) ?? null
  }

  private bindPlane(name: 'plane' | 'hue', plane: PlaneTexture): void {
    const { gl } = this
    gl.activeTexture(gl.TEXTURE0 + UNIT[name])
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, plane.texture)
    gl.uniform3i(this.uniform(`${name}Tile`), plane.tile[0], plane.tile[1], plane.tilesAcross)
  }

  private setTable(
    name: keyof typeof this.tables,
    internal: number,
    format: number,
    type: number,
    [width, height]: [number, number],
    data: ArrayBufferView,
  ): void {
    const { gl } = this
    gl.activeTexture(gl.TEXTURE0 + UNIT[name])
    gl.bindTexture(gl.TEXTURE_2D, this.tables[name])
    gl.texImage2D(gl.TEXTURE_2D, 0, internal, width, height, 0, format, type, data)
  }

  private setAxis(name: 'columns' | 'rows', { index, weight }: Axis): void {
    const { gl } = this
    const pairs = new Int32Array(2 * index.length)
    for (let i = 0; i < index.length; i++) {
      pairs[2 * i] = index[i]
      if (weight) pairs[2 * i + 1] = weight[i]
    }
    this.setTable(name, gl.RG32I, gl.RG_INTEGER, gl.INT, [index.length, 1], pairs)
  }

  private setColours({ version, values, luminance, palette }: Colours): void {
    const { gl } = this
    if (version === this.coloursVersion) return
    this.coloursVersion = version
    const bytes = (words: Uint32Array) => new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
    this.setTable('luminance', gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE, [256, 256], luminance)
    if (values) this.setTable('values', gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, [256, 256], bytes(values))
    if (palette && palette !== this.palette) {
      this.setTable('palette', gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, [256, 64], bytes(palette))
      this.palette = palette
    }
  }

  /** The texture of a plane, with all rows that are ready. */
  private planeTexture(scan: ScanPixels, plane: Plane, width: number, ready: Uint8Array): PlaneTexture {
    const { key } = scan.ref
    const planes = this.scans.get(key) ?? new Map<Plane, PlaneTexture>()
    this.scans.set(key, planes)
    const texture = planes.get(plane) ?? this.newPlane(plane, width, ready.length)
    planes.set(plane, texture)
    for (let y = 0; y < ready.length; y++) {
      if (!ready[y] || texture.uploaded[y]) continue
      let end = y + 1
      while (end < ready.length && ready[end] && !texture.uploaded[end]) end++
      this.upload(texture, plane, width, y, end)
      y = end
    }
    return texture
  }

  private newPlane(plane: Plane, width: number, height: number): PlaneTexture {
    const { gl } = this
    const tile: [number, number] = [Math.min(width, this.maxSide), Math.min(height, this.maxSide)]
    const tilesAcross = Math.ceil(width / tile[0])
    const nTiles = tilesAcross * Math.ceil(height / tile[1])
    const texture = newTexture(gl, gl.TEXTURE_2D_ARRAY)
    const format = plane instanceof Uint8Array ? gl.R8UI : gl.R16UI
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, format, tile[0], tile[1], nTiles)
    return { texture, uploaded: new Uint8Array(height), tile, tilesAcross }
  }

  private upload(to: PlaneTexture, plane: Plane, width: number, from: number, end: number): void {
    const { gl } = this
    const [tileWidth, tileHeight] = to.tile
    const type = plane instanceof Uint8Array ? gl.UNSIGNED_BYTE : gl.UNSIGNED_SHORT
    gl.activeTexture(gl.TEXTURE0)
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, to.texture)
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, width)
    for (let y = from; y < end; ) {
      const rows = Math.min(end, (Math.floor(y / tileHeight) + 1) * tileHeight) - y
      for (let tx = 0; tx < to.tilesAcross; tx++) {
        const x = tx * tileWidth
        const layer = Math.floor(y / tileHeight) * to.tilesAcross + tx
        const columns = Math.min(tileWidth, width - x)
        const data = plane.subarray(y * width + x)
        gl.texSubImage3D(
          gl.TEXTURE_2D_ARRAY,
          0,
          0,
          y % tileHeight,
          layer,
          columns,
          rows,
          1,
          gl.RED_INTEGER,
          type,
          data,
        )
      }
      y += rows
    }
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0)
    to.uploaded.fill(1, from, end)
  }

  /** Wait until everything is drawn. */
  finish(): void {
    const { gl } = this
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4))
  }

  forget(key: string): void {
    for (const { texture } of this.scans.get(key)?.values() ?? []) this.gl.deleteTexture(texture)
    this.scans.delete(key)
  }

  destroy(): void {
    for (const key of [...this.scans.keys()]) this.forget(key)
    this.gl.getExtension('WEBGL_lose_context')?.loseContext()
  }
}

function newTexture(gl: GL, target: number): WebGLTexture {
  const texture = gl.createTexture()
  gl.activeTexture(gl.TEXTURE0)
  gl.bindTexture(target, texture)
  for (const [name, value] of [
    [gl.TEXTURE_MIN_FILTER, gl.NEAREST],
    [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
    [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
  ]) {
    gl.texParameteri(target, name, value)
  }
  return texture
}

function link(gl: GL): WebGLProgram {
  const program = gl.createProgram()
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
  ] as const) {
    const shader = gl.createShader(type)
    if (!shader) throw new WebGlUnavailableError('the WebGL2 context is lost')
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new WebGlUnavailableError(`the shader does not link: ${gl.getProgramInfoLog(program)}`)
  }
  return program
}
