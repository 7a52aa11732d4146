"""Pictures of mountains, woods and sand."""

import math

from PIL import Image, ImageDraw, ImageFilter

from wall.scenery import figures
from wall.scenery.brush import (
    cloud,
    disc,
    drift,
    fade,
    glow,
    hills,
    land,
    peaks,
    sky,
    stars,
    stencil,
    water,
    waves,
)
from wall.scenery.scene import scene


@scene(
    "First snow on the Horn",
    "A steep snow peak lit pink by the last sun, above dark fir woods and a band of mist.",
    (960, 1280),
)
def first_snow(size, rng):
    image = sky(size, [["#33507f", "#46649a"], ["#7f88b8", "#a795bb"], ["#dba6b0", "#f2b9a4"], ["#fbd4b4", "#fde0c0"]])
    land(image, peaks(rng, 0.6, 0.2, 3), "#a48fb0", "#cfa9b4", 0.2)
    crown = [
        0.66 - 0.5 * max(0, 1 - abs(i / 899 - 0.52) * 1.9) ** 1.25 - 0.1 * (1 - abs(2 * v - 1))
        for i, v in enumerate(waves(rng, 7, 7, 900))
    ]
    land(image, crown, "#ffc9ae", "#8d86ad", 0.42)

    def shadow(draw, width, height):
        step = width / (len(crown) - 1)
        edge = waves(rng, 6, 9, 900)
        right = [(i * step, y * height) for i, y in enumerate(crown) if i > 468]
        left = [
            (0.52 * width + (edge[i] - 0.62) * 0.2 * width, (min(crown) + i / 899 * 0.6) * height)
            for i in range(0, 900, 6)
        ]
        draw.polygon([*right, (width, height), *reversed(left)], fill=150)

    image.paste("#5d639a", (0, 0, *size), stencil(size, shadow))
    drift(image, cloud(size, rng, (3, 14), 0.6, 0.5), "#f3d2cb", 0.52, 0.76)
    for i, tone in enumerate(("#56608a", "#333f63", "#161f3b")):
        line = hills(rng, 0.78 + i * 0.1, 0.1, 2 + i)
        land(image, line, tone, "#cda9b3" if i < 1 else tone, 0.2)
        figures.forest(image, rng, line, tone, 0.07 + 0.05 * i, 150 - 35 * i)
    return image


@scene(
    "Seven ridges",
    "Seven wooded ridges, each darker than the one behind, under an orange evening sun.",
    (1280, 720),
)
def seven_ridges(size, rng):
    image = sky(size, [["#3b2f5c", "#5b3a66"], ["#a3506b", "#d0605c"], ["#f08a4f", "#ffb25c"], ["#ffd98a", "#ffe3a0"]])
    glow(image, 0.34, 0.44, 0.6, "#ffd27a", 1)
    disc(image, 0.34, 0.435, 0.035, "#fff4cf")
    drift(image, cloud(size, rng, (2, 14), 0.5, 0.4), "#7a3f66", 0.02, 0.36)
    tones = ["#e58a62", "#c96c60", "#a4525f", "#7d3f5b", "#563053", "#352347", "#1b1633"]
    for i, tone in enumerate(tones):
        land(image, hills(rng, 0.56 + i * 0.075, 0.14, 2.2 + i * 0.5, 6), tone, "#f2a870" if i < 5 else "#120f26", 0.42)
    figures.forest(image, rng, hills(rng, 1.03, 0.1, 3), "#0f0c20", 0.1, 90)
    return image


@scene(
    "Firs before rain",
    "Fir woods on six hillsides, paler with distance, with fog lying between them.",
    (1280, 960),
)
def firs_before_rain(size, rng):
    image = sky(size, [["#c9d3d4", "#b9c7ca"], ["#dde2df", "#d3dbd9"], ["#e8e9e3", "#e4e6e0"]])
    tones = ["#a9b9bb", "#879d9f", "#5f7d7d", "#3b5c5b", "#1e3f3f", "#0e2828"]
    for i, tone in enumerate(tones):
        line = hills(rng, 0.5 + i * 0.12, 0.2, 2 + i * 0.4)
        land(image, line, tone, "#dfe4df" if i < 5 else "#0a1f20", 0.45)
        figures.forest(image, rng, line, tone, 0.075 + i * 0.05, 190 - i * 26)
        if i < 4:
            drift(image, cloud(size, rng, (3, 10), 0.58, 0.5), "#e6eae6", 0.42 + i * 0.11, 0.68 + i * 0.11)
    image.paste(tones[-1], (0, 0, *size), fade(size, [(0, 0), (0.8, 0), (1, 255)]))
    return image


@scene(
    "Green fire",
    "Northern lights in green and violet above a dark lake and bare mountains.",
    (854, 1280),
)
def green_fire(size, rng):
    image = sky(size, [["#04101f", "#071629"], ["#0a2238", "#0c2c40"], ["#123c4c", "#174a52"], ["#24605c", "#2a5f62"]])
    stars(image, rng, 0.65, 900)
    width, height = size
    for hue, power, base in (("#2fe08a", 0.95, 0.52), ("#59f0b4", 0.7, 0.44), ("#8a6cf0", 0.5, 0.3)):
        curtain = Image.new("L", (width // 4, height // 4))
        draw = ImageDraw.Draw(curtain)
        fold, rays = waves(rng, 4, 2.5, width // 4), waves(rng, 5, 34, width // 4)
        for x in range(width // 4):
            foot = (base + (fold[x] - 0.5) * 0.42) * height / 4
            tall = (0.1 + 0.34 * rays[x]) * height / 4
            for y in range(round(tall)):
                rise = y / tall
                draw.point(
                    (x, foot - y), round(255 * power * (1 - rise) ** 1.7 * min(1, rise * 14) * (0.35 + 0.8 * rays[x]))
                )
        veil = curtain.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(width / 160))
        image.paste(hue, (0, 0, *size), veil)
    land(image, peaks(rng, 0.73, 0.16, 3), "#0d2530", "#12343d", 0.2)
    shore = hills(rng, 0.735, 0.05, 2)
    land(image, shore, "#071821", "#0a2029", 0.1)
    figures.forest(image, rng, shore, "#06141c", 0.055, 120)
    water(image, rng, 0.73, "#06202c", 0.3, 0.72)
    return image


@scene(
    "Dune at six",
    "Three sand dunes, one side of each in morning shadow, under a pale blue sky.",
    (1120, 1120),
)
def dune_at_six(size, rng):
    image = sky(size, [["#4f8fae", "#7db0c0"], ["#a9c9c9", "#e6dcc2"], ["#f6deb6", "#ffd79a"], ["#ffdca6", "#ffcf8c"]])
    glow(image, 0.9, 0.4, 0.6, "#ffe2a8", 0.7)
    land(image, hills(rng, 0.5, 0.08, 2.5, 2), "#dcb389", "#e8c79c", 0.1)
    dunes = (
        (0.23, 0.41, "#eab876", "#c98f55", "#9a5f3d"),
        (0.8, 0.5, "#e5a961", "#bd7a42", "#7f4630"),
        (0.42, 0.66, "#d99650", "#a86235", "#5e3023"),
    )
    for summit, top, light, foot, dark in dunes:
        crest = [top + 0.95 * abs(i / 399 - summit) ** 1.55 for i in range(400)]
        land(image, crest, light, foot, 0.4)
        spine = [
            (summit + 0.1 * math.sin(t * 4.2) * t - 0.3 * t * t, top + t * (1.05 - top))
            for t in (k / 40 for k in range(41))
        ]
        slope = [(i / 399, crest[i]) for i in range(round(summit * 399), -1, -4)]
        side = [*reversed(slope), *spine, (0, 1.05)]
        figures.shape(image, dark, side)
    figures.birds(image, rng, 0.3, 0.2, 0.05, "#3f6478", 5)
    return image


@scene(
    "North fjord",
    "A fjord between snowy mountains; a red rowing boat drifts on the reflection.",
    (1024, 1280),
)
def north_fjord(size, rng):
    image = sky(size, [["#2a5f8f", "#3f7fb0"], ["#8fbcd6", "#b5d3df"], ["#e6eee9", "#f4e9d8"]])
    drift(image, cloud(size, rng, (4, 7), 0.5, 0.45), "#ffffff", 0.02, 0.36)
    land(image, peaks(rng, 0.54, 0.36, 2), "#dfe9f0", "#7f9db3", 0.26)
    land(image, peaks(rng, 0.55, 0.24, 3), "#5f8099", "#93aebb", 0.2)
    drift(image, cloud(size, rng, (3, 16), 0.62, 0.4), "#eef4f4", 0.4, 0.56)
    shore = hills(rng, 0.565, 0.075, 3)
    land(image, shore, "#1f4450", "#2e5a60", 0.1)
    figures.forest(image, rng, shore, "#173740", 0.05, 170)
    water(image, rng, 0.56, "#0e3345", 0.42, 0.8)
    drift(image, cloud(size, rng, (2, 20), 0.5, 0.5), "#e8f1f0", 0.53, 0.6)
    figures.rowing_boat(image, 0.62, 0.78, 0.045, "#c2402a", "#f2dcc0")
    return image
