/** GLSL of the WebGL2 renderer; every formula is that of raster.ts and sharpen.ts. */

export const VERTEX_SHADER = `#version 300 es
void main() {
  vec2 corner = vec2(float((gl_VertexID << 1) & 2), float(gl_VertexID & 2));
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`

export const FRAGMENT_SHADER = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2DArray;
precision highp usampler2D;
precision highp isampler2D;

uniform usampler2DArray plane;
uniform ivec3 planeTile;     // tile width, tile height, tiles across
uniform usampler2DArray hue;
uniform ivec3 hueTile;
uniform int hueShift;
uniform bool hasHue;
uniform isampler2D columns;  // pixel index and weight of the next, per output column
uniform isampler2D rows;
uniform sampler2D values;    // colour of every pixel value, 256 x 256
uniform usampler2D luminance;
uniform sampler2D palette;   // brightness across, hue down
uniform ivec2 size;
uniform int amount;
uniform int outWidth;
uniform int outHeight;
uniform bool isTurned;
out vec4 colour;

int at(int x, int y) {
  ivec2 p = clamp(ivec2(x, y), ivec2(0), size - 1);
  ivec2 tile = p / planeTile.xy;
  return int(texelFetch(plane, ivec3(p - tile * planeTile.xy, tile.y * planeTile.z + tile.x), 0).r);
}

int sharp(int x, int y) {
  int c = at(x, y);
  if (amount == 0) return c;
  int across = at(x - 2, y) + at(x - 1, y) + at(x + 1, y) + at(x + 2, y);
  int along = at(x, y - 2) + at(x, y - 1) + at(x, y + 1) + at(x, y + 2);
  return clamp(c + ((amount * (8 * c - across - along)) >> 11), 0, 65535);
}

int mixed(int a, int b, int w) {
  return a + (((b - a) * w + 128) >> 8);
}

int column(int x, int y, int w) {
  int a = sharp(x, y);
  return w == 0 ? a : mixed(a, sharp(x, min(y + 1, size.y - 1)), w);
}

void main() {
  ivec2 place = ivec2(int(gl_FragCoord.x), outHeight - 1 - int(gl_FragCoord.y));
  if (isTurned) place = ivec2(place.y, outWidth - 1 - place.x);
  ivec2 h = texelFetch(columns, ivec2(place.x, 0), 0).rg;
  ivec2 v = texelFetch(rows, ivec2(place.y, 0), 0).rg;
  int value = column(h.x, v.x, v.y);
  if (h.y != 0) value = mixed(value, column(min(h.x + 1, size.x - 1), v.x, v.y), h.y);
  ivec2 entry = ivec2(value & 255, value >> 8);
  if (!hasHue) {
    colour = texelFetch(values, entry, 0);
    return;
  }
  int brightness = int(texelFetch(luminance, entry, 0).r);
  ivec2 p = (ivec2(h.x, v.x) + ivec2(h.y >= 128 ? 1 : 0, v.y >= 128 ? 1 : 0)) >> hueShift;
  ivec2 tile = p / hueTile.xy;
  int code = int(texelFetch(hue, ivec3(p - tile * hueTile.xy, tile.y * hueTile.z + tile.x), 0).r);
  colour = texelFetch(palette, ivec2(brightness, code), 0);
}`
