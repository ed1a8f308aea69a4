"""The programs that run on the GPU, or on the CPU as one. Their costs were measured on llvmpipe
(Mesa 22.3): it runs every branch for every pixel, so what only some surfaces need is a program of
its own; texture look-ups cost most, so materials are resolved where triangles are drawn, which for
what stands still in front of a fixed camera is once."""

from __future__ import annotations

from sim.render.environment import BRIGHTEST, LAMP, LEVELS, PITCH, TILE
from sim.render.stage import MOST_THINGS

_VERSION = "#version 420\n"

# thing_to_world, three rows a thing.
_THINGS = f"""
layout(std140) uniform Things {{ vec4 things[{3 * (MOST_THINGS + 1)}]; }};
vec3 to_world(uint thing, vec4 p) {{
    uint k = 3u * thing;
    return vec3(dot(things[k], p), dot(things[k + 1u], p), dot(things[k + 2u], p));
}}
"""

_PAINTS = f"layout(std140) uniform Paints {{ uvec4 paints[{2 * (MOST_THINGS + 1)}]; }};\n"

_OCTAHEDRAL = """
vec2 fold(vec2 e) {
    return (1.0 - abs(e.yx)) * vec2(e.x < 0.0 ? -1.0 : 1.0, e.y < 0.0 ? -1.0 : 1.0);
}
vec3 unfolded(vec2 e) {
    vec3 n = vec3(e, 1.0 - abs(e.x) - abs(e.y));
    if (n.z < 0.0) n.xy = fold(e);
    return n;
}
vec2 folded(vec3 n) {
    n /= abs(n.x) + abs(n.y) + abs(n.z);
    return n.z < 0.0 ? fold(n.xy) : n.xy;
}
"""

# tag: thing, segment, paint. coat: colour (square root of linear light), roughness.
_GEOMETRY_VERTEX = """
uniform mat4 world_to_clip;
in vec3 at;
in vec2 oct;
in uvec4 tag;
out vec3 normal;
flat out uint segment;
flat out uint coat;
flat out uint metal_tile;
#ifdef TEXTURED
in vec2 uv;
out vec2 on;
flat out uvec2 effects;  // grain and sheen, scratches and dirt
#endif
#ifdef MARKED
out vec3 place;
out vec3 facing;
flat out vec4 box;
#endif
void main() {
    gl_Position = world_to_clip * vec4(to_world(tag.x, vec4(at, 1.0)), 1.0);
    normal = to_world(tag.x, vec4(unfolded(oct), 0.0));
    segment = tag.y;
    uvec4 paint = paints[2u * tag.z];
    coat = paint.x;
    metal_tile = paint.y;
#ifdef TEXTURED
    uvec4 more = paints[2u * tag.z + 1u];
    vec2 scale_shift = unpackHalf2x16(paint.w);
    on = uv * scale_shift.x + scale_shift.y * vec2(0.37, 0.71);
    effects = more.xy;
#endif
#ifdef MARKED
    place = at;
    facing = unfolded(oct);
    box = vec4(unpackHalf2x16(more.z), unpackHalf2x16(more.w));
#endif
}
"""

# sight: z-depth in 0.1 mm and the segment, 16 bits each; 12 + 12 bits of normal and 8 of metal; the
# skin; one target, since fetching it again costs by the look-up.
_GEOMETRY_FRAGMENT = """
in vec3 normal;
flat in uint segment;
flat in uint coat;
flat in uint metal_tile;
out uvec4 sight;
#ifdef TEXTURED
uniform sampler2DArray tiles;
in vec2 on;
flat in uvec2 effects;
#endif
#ifdef MARKED
in vec3 place;
in vec3 facing;
flat in vec4 box;
#endif
void main() {
    uint metal = metal_tile & 255u;
    vec4 skin = unpackUnorm4x8(coat);
#ifdef TEXTURED
    vec4 detail = texture(tiles, vec3(on, float((metal_tile >> 8u) & 255u)));
    vec2 grain_sheen = unpackHalf2x16(effects.x), scratches_dirt = unpackHalf2x16(effects.y);
    float dirt = detail.a * scratches_dirt.y;  // < 0: oil
    float light = (1.0 + grain_sheen.x * (2.0 * detail.r - 1.0)) * (1.0 - 0.5 * abs(dirt))
                * (1.0 + scratches_dirt.x * detail.b);
    skin.rgb *= sqrt(max(light, 0.0));
    skin.a += grain_sheen.y * (detail.g - 0.5) + 0.25 * dirt;
#endif
#ifdef MARKED
    vec3 n = abs(facing);
    float side = n.x > n.y ? place.y : place.x;
    vec2 q = vec2((side - box.z) / box.w, (place.z - box.x) / box.y);
    if (n.z < 0.7 && max(abs(q.x), abs(q.y)) < 1.0) {
        metal = 0u;
        if (metal_tile >> 16u == 1u) {
            skin.rgb = fract((place.z + side) * 9.0) < 0.5 ? vec3(0.87, 0.68, 0.1) : vec3(0.15);
        } else {
            vec2 cell = floor(vec2(q.x * 21.0, q.y * 4.5));
            bool line = fract(q.y * 4.5) < 0.45 && max(abs(q.x), abs(q.y)) < 0.85;
            float letter = fract(sin(cell.x * 12.99 + cell.y * 78.23) * 43.7);
            skin = vec4(vec3(line && letter > 0.35 ? 0.2 : 0.92), 0.7);
        }
    }
#endif
    uvec2 e = uvec2(folded(normal) * 2047.0 + 2048.0);
    sight = uvec4(min(uint(1e4 / gl_FragCoord.w + 0.5), 65535u) | (segment << 16u),
                  e.x | (e.y << 12u) | (metal << 24u),
                  packUnorm4x8(skin), 0u);
}
"""

_DEFINES = {
    "plain": "",
    "textured": "#define TEXTURED\n",
    "marked": "#define TEXTURED\n#define MARKED\n",
}


def geometry(coat: str) -> tuple[str, str]:
    """Vertex and fragment shader of the pass that draws triangles."""
    start = _VERSION + _DEFINES[coat] + _OCTAHEDRAL
    return start + _THINGS + _PAINTS + _GEOMETRY_VERTEX, start + _GEOMETRY_FRAGMENT


CASTER = (
    _VERSION
    + _THINGS
    + """
uniform mat4 world_to_clip;
in vec3 at;
in uint thing;
void main() { gl_Position = world_to_clip * vec4(to_world(thing, vec4(at, 1.0)), 1.0); }
""",
    _VERSION + "void main() {}\n",
)

# Everything that is the same over the picture, or linear in its place, comes from the corners: on
# llvmpipe a varying costs a pixel half of what a uniform does.
_SCREEN = """
uniform vec4 view[5];  // right, down, forward of the camera in the world, with its position in w;
                       // (width, height, 1 / fx, 1 / fy) [px]; exposure of red, green, blue
in vec2 corner;
noperspective out vec3 ray;
flat out vec3 exposure;
#ifdef OCCLUDED
noperspective out vec2 place;
#endif
#ifndef BACKDROP
uniform vec4 lights[7];  // world to shadow map, three rows; direction to the key light; its colour;
                         // light from below, and from above less that, with the side's x and y in w
flat out vec3 eye_on_map;
noperspective out vec3 ray_on_map;
flat out vec3 sun;
flat out vec3 key;
flat out vec4 low;
flat out vec4 high;
vec3 mapped(vec3 v) {
    return vec3(dot(lights[0].xyz, v), dot(lights[1].xyz, v), dot(lights[2].xyz, v));
}
#endif
void main() {
    gl_Position = vec4(corner, 1.0, 1.0);
    vec2 screen = corner * 0.5 * view[3].xy * view[3].zw;
    ray = view[0].xyz * screen.x + view[1].xyz * screen.y + view[2].xyz;
    exposure = view[4].rgb;
#ifdef OCCLUDED
    place = corner * 0.5 + 0.5;
#endif
#ifndef BACKDROP
    vec3 eye = vec3(view[0].w, view[1].w, view[2].w);
    eye_on_map = mapped(eye) + vec3(lights[0].w, lights[1].w, lights[2].w);
    ray_on_map = mapped(ray);
    sun = lights[3].xyz;
    key = lights[4].rgb;
    low = lights[5];
    high = lights[6];
#endif
}
"""

_MIRROR = (
    f"#define LEVELS {LEVELS}.0\n#define TILE {TILE}.0\n#define PITCH {PITCH}.0\n"
    + """
uniform sampler2D atlas;
vec3 mirrored(vec3 direction, float level) {
    vec2 e = folded(direction) * (0.5 * TILE) + 0.5 * PITCH;
    return textureLod(atlas, vec2(e.x + level * PITCH, e.y) / vec2(LEVELS * PITCH, PITCH), 0.0).rgb;
}
"""
)

# sRGB with a shoulder: a fit to the sRGB curve up to 0.45 and an exponential above, within 2 %.
_DEVELOP = """
vec3 developed(vec3 light) {
    vec3 s = sqrt(light);
    return s * (1.1101 + s * (s * 1.3447 - 0.2345)) / (1.0 + s * (0.1189 + s * s * 1.3447));
}
"""

_LIGHTING = """
uniform usampler2D sights;
uniform sampler2DShadow shadows;
#ifdef OCCLUDED
uniform sampler2D openings;
noperspective in vec2 place;
#endif
noperspective in vec3 ray;
noperspective in vec3 ray_on_map;
flat in vec3 exposure;
flat in vec3 eye_on_map;
flat in vec3 sun;
flat in vec3 key;
flat in vec4 low;
flat in vec4 high;
out vec4 colour;

// Two places on either side, turned from pixel to pixel, each over 2x2 texels of the map.
float lit(float range, float slope) {
    vec3 s = eye_on_map + ray_on_map * range;
    s.z = min(s.z - BIAS, 1.0);
    vec2 odd = fract(gl_FragCoord.xy * 0.5) * 2.0 - 1.0;  // -0.5 or 0.5, by pixel
    vec2 turn = vec2(odd.x + odd.y * 0.6, odd.y - odd.x * 0.4) * SPREAD;
    vec3 a = vec3(s.xy + turn, s.z), b = vec3(s.xy - turn, s.z);
    return 0.5 * (texture(shadows, a) + texture(shadows, b));
}

void main() {
    uvec4 sight = texelFetch(sights, ivec2(gl_FragCoord.xy), 0);
    float range = float(sight.x & 65535u) * 1e-4;
    vec2 turned = vec2(sight.y & 4095u, (sight.y >> 12u) & 4095u) / 2047.0 - 1.0;
    vec3 normal = normalize(unfolded(turned));
    vec4 skin = unpackUnorm4x8(sight.z);
    vec3 base = skin.rgb * skin.rgb;
    float metallic = float(sight.y >> 24u) / 255.0;
    vec3 toward = -normalize(ray);
    float facing = dot(normal, toward);
    float slope = max(dot(normal, sun), 0.0);
    float sunlight = min(slope * 4.0, 1.0);
#ifdef SHADOWS
    sunlight *= lit(range, slope);
#endif
    vec3 diffuse = max(low.rgb + high.rgb * (0.5 + 0.5 * normal.z)
                       + (low.a * normal.x + high.a * normal.y), 0.0);
    // Between two levels of gloss pixels take turns; the blur of the colour makes a mean of them.
    vec2 turn = fract(gl_FragCoord.xy * 0.5) - 0.25;
    float level = floor((skin.a - 0.08) * ((LEVELS - 1.0) / 0.92) + 0.125 + turn.x + 0.5 * turn.y);
    vec3 away = 2.0 * facing * normal - toward;
    vec3 mirror = mirrored(away, max(level, 0.0));
    // GGX's lobe about the mirrored direction, for n.l = n.v = 3/4; lamps are not points.
    float spread = skin.a * skin.a + LAMP;
    float square = spread * spread;
    float lobe = (0.5 + 0.5 * dot(away, sun)) * (square - 1.0) + 1.0;
    float glare = min(square / (3.0 * lobe * lobe), BRIGHTEST);
#ifdef OCCLUDED
    // At the corner of four texels: the mean of all four turns that they were looked around in.
    vec2 size = vec2(textureSize(openings, 0));
    float open = textureLod(openings, floor(place * size + 0.5) / size, 0.0).r;
    diffuse *= open;
    mirror *= open;
#endif
    vec3 f0 = mix(vec3(0.04), base, metallic);
    float edge = 1.0 - max(facing, 0.0);
    edge *= edge * edge * edge * edge;
    vec3 fresnel = f0 + (max(vec3(1.0 - skin.a), f0) - f0) * edge;
    vec3 light = base * (1.0 - metallic) * (diffuse + key * (sunlight * slope))
               + fresnel * (mirror + key * (glare * sunlight));
    colour = vec4(developed(light * exposure), 1.0);
}
"""


def lighting(*, shadows: bool, occluded: bool, spread: float, bias: float) -> tuple[str, str]:
    """Vertex and fragment shader of the pass over the pixels.

    spread: of the shadow's soft edge, as a share of the map; bias: of its depth, likewise.
    """
    defines = "#define SHADOWS\n" * shadows + "#define OCCLUDED\n" * occluded
    numbers = {"SPREAD": spread, "BIAS": bias, "LAMP": LAMP, "BRIGHTEST": BRIGHTEST}
    fragment = "".join(f"#define {k} {v:.6f}\n" for k, v in numbers.items()) + _OCTAHEDRAL
    return (
        _VERSION + defines + _SCREEN,
        _VERSION + defines + fragment + _MIRROR + _DEVELOP + _LIGHTING,
    )


# How open the sky is over each point, at half resolution: by what rises over its tangent plane in
# eight places around it (McGuire et al. 2011, "The Alchemy Screen-Space Ambient Obscurance").
OCCLUSION = (
    _VERSION
    + """
uniform vec4 view[4];
uniform float strength;
in vec2 corner;
flat out vec3 right;
flat out vec3 down;
flat out vec3 forward;
flat out vec4 lens;  // size in pixels, slopes at the edges
flat out float dark;
void main() {
    gl_Position = vec4(corner, 1.0, 1.0);
    right = view[0].xyz;
    down = view[1].xyz;
    forward = view[2].xyz;
    lens = vec4(view[3].xy, 0.5 * view[3].xy * view[3].zw);
    dark = strength;
}
""",
    _VERSION
    + _OCTAHEDRAL
    + """
uniform usampler2D sights;
flat in vec3 right;
flat in vec3 down;
flat in vec3 forward;
flat in vec4 lens;
flat in float dark;
out float opening;

vec3 seen(vec2 pixel) {
    ivec2 at = ivec2(clamp(pixel, vec2(0.0), lens.xy - 1.0));
    float range = float(texelFetch(sights, at, 0).x & 65535u) * 1e-4;
    return vec3(((vec2(at) + 0.5) / lens.xy * 2.0 - 1.0) * lens.zw * range, range);
}

void main() {
    vec2 pixel = floor(gl_FragCoord.xy) * 2.0;
    vec3 at = seen(pixel);
    uint turned = texelFetch(sights, ivec2(pixel), 0).y;
    vec3 world = normalize(unfolded(vec2(turned & 4095u, (turned >> 12u) & 4095u) / 2047.0 - 1.0));
    vec3 normal = vec3(dot(world, right), dot(world, down), dot(world, forward));
    float reach = clamp(0.07 / max(at.z, 0.01) * 0.5 * lens.x / lens.z, 4.0, 0.2 * lens.x);
    vec2 odd = fract(gl_FragCoord.xy * 0.5);  // 0.25 or 0.75, by pixel
    float start = 6.2832 * (0.75 * odd.x + 0.375 * odd.y);
    float blocked = 0.0;
    for (int i = 0; i < 8; ++i) {
        float angle = start + 2.4 * float(i);
        vec3 off = seen(pixel + vec2(cos(angle), sin(angle)) * reach * (float(i) + 0.6) / 8.0) - at;
        float square = dot(off, off);
        blocked += max(dot(off, normal) - 0.004 * at.z, 0.0) / (square + 1e-4)
                 * max(1.0 - square / 0.02, 0.0);
    }
    opening = 1.0 / (1.0 + dark * 0.05 * blocked);
}
""",
)

# What shows where nothing was drawn: the hall, out of focus.
BACKDROP = (
    _VERSION + "#define BACKDROP\n" + _SCREEN,
    _VERSION
    + _OCTAHEDRAL
    + _MIRROR
    + _DEVELOP
    + """
noperspective in vec3 ray;
flat in vec3 exposure;
out vec4 colour;
void main() { colour = vec4(developed(mirrored(ray, 1.0) * exposure), 1.0); }
""",
)
