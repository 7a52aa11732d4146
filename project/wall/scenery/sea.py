"""Pictures with water in them."""

from PIL import Image, ImageDraw, ImageFilter

from wall.scenery import figures
from wall.scenery.brush import (
    cloud,
    disc,
    drift,
    fade,
    glitter,
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
    "Slack water",
    "Two sailing boats on a calm bay at sunrise; the sun stands just above low blue hills.",
    (1280, 854),
)
def slack_water(size, rng):
    image = sky(size, [["#3d5a80", "#5f7ea0"], ["#98a8b8", "#e0b8a0"], ["#f3d3a8", "#ffd9a0"], ["#ffe9c4", "#ffe2b0"]])
    drift(image, cloud(size, rng, (3, 9), 0.55, 0.5), "#fff1dc", 0.05, 0.5)
    glow(image, 0.68, 0.4, 0.5, "#ffb066", 0.9)
    disc(image, 0.68, 0.385, 0.022, "#fff6df")
    land(image, hills(rng, 0.53, 0.16, 2.5), "#8fa0ab", "#d8c0a8", 0.14)
    land(image, hills(rng, 0.54, 0.11, 3.5), "#647c89", "#b79f90", 0.12)
    figures.sailing_boat(image, 0.27, 0.545, 0.055, "#20303a", "#fff3df", "#e7d2b8")
    figures.sailing_boat(image, 0.455, 0.537, 0.026, "#2c3e49", "#f6e5cf", "#d9c3ab")
    water(image, rng, 0.545, "#2b4a5f", 0.4, 0.62)
    glitter(image, rng, 0.68, 0.55, "#ffd9a0", 0.1)
    figures.birds(image, rng, 0.4, 0.22, 0.06, "#3d5064", 7)
    return image


@scene(
    "Squall line",
    "Layered green waves with white crests under a dark cloud; a small sailing boat runs ahead of it.",
    (1280, 854),
)
def squall_line(size, rng):
    image = sky(size, [["#1f2a33", "#2a3640"], ["#3d4c55", "#566268"], ["#8b9690", "#c2bfa6"], ["#e7dcae", "#f2e3b0"]])
    drift(image, cloud(size, rng, (3, 5), 0.55, 0.5), "#141d25", -0.2, 0.5)
    drift(image, cloud(size, rng, (4, 7), 0.45, 0.4), "#6d787c", -0.1, 0.42)
    glow(image, 0.24, 0.5, 0.4, "#ffe9a8", 0.6)
    figures.sailing_boat(image, 0.74, 0.525, 0.042, "#141d22", "#f4efe0", "#d0cdbd")
    tones = ["#4d6a6c", "#3f6065", "#31545c", "#244851", "#193c47", "#0f2f3b", "#09232f"]
    for i, tone in enumerate(tones):
        base = 0.52 + 0.075 * i * (1 + i * 0.03)
        crest = hills(rng, base + 0.04, 0.03 + 0.022 * i, 13 - 1.4 * i, 4)
        land(image, [y - 0.004 for y in crest], "#c3d2ca" if i > 1 else "#6f8b8a", tone, 0.014 + 0.008 * i)
        land(image, [y + 0.003 + 0.0016 * i for y in crest], tone, tones[min(i + 1, 6)], 0.1)
    figures.birds(image, rng, 0.45, 0.36, 0.07, "#f0ece0", 8)
    return image


@scene(
    "No wind",
    "One blue rowing boat on a lake so still that boat and mist are mirrored in it.",
    (1120, 1120),
)
def no_wind(size, rng):
    image = sky(size, [["#9fb7bd", "#b4c6c5"], ["#cdd8d2", "#dfe0d4"], ["#ece6d6", "#f6e4c8"], ["#f3dfc2", "#f9d9b0"]])
    glow(image, 0.8, 0.48, 0.45, "#ffe1b0", 0.6)
    land(image, hills(rng, 0.53, 0.13, 2), "#a9bbba", "#e0ddcf", 0.14)
    shore = hills(rng, 0.535, 0.05, 3)
    land(image, shore, "#7f9899", "#c9d0c6", 0.07)
    figures.forest(image, rng, shore, "#7b9496", 0.035, 120)
    water(image, rng, 0.54, "#8ba2a3", 0.25, 0.9)
    drift(image, cloud(size, rng, (2, 18), 0.55, 0.6), "#f7f1e4", 0.46, 0.64)
    figures.rowing_boat(image, 0.38, 0.73, 0.1, "#24404a", "#c0512f")
    width, height = size
    boat = image.crop((0, round(0.7 * height), width, round(0.733 * height)))
    wet = boat.transpose(Image.Transpose.FLIP_TOP_BOTTOM).filter(ImageFilter.GaussianBlur(width / 700))
    wet = wet.resize((width, round(boat.height * 1.15)))
    image.paste(wet, (0, round(0.733 * height)), fade(wet.size, [(0, 215), (1, 0)]))
    return image


@scene(
    "Reed moon",
    "A large yellow moon over a lake at night, seen through tall reeds.",
    (960, 1280),
)
def reed_moon(size, rng):
    image = sky(size, [["#172a3f", "#1b3348"], ["#2e5064", "#3c6172"], ["#6c8a8c", "#86998f"], ["#c3b592", "#cdb88f"]])
    glow(image, 0.56, 0.36, 0.75, "#f5dca6", 0.6)
    disc(image, 0.56, 0.36, 0.17, "#f8e8c0")
    moon = cloud(size, rng, (9, 12), 0.5, 0.6)
    spots = stencil(
        size, lambda d, w, h: d.ellipse((w * 0.39, h * 0.36 - w * 0.17, w * 0.73, h * 0.36 + w * 0.17), fill=70)
    )
    image.paste("#c9a873", (0, 0, *size), Image.composite(spots, Image.new("L", size), moon))
    drift(image, cloud(size, rng, (2, 14), 0.5, 0.5), "#4f6d76", 0.3, 0.6)
    land(image, hills(rng, 0.68, 0.06, 3), "#33505a", "#5b706c", 0.1)
    water(image, rng, 0.66, "#17303c", 0.4, 0.6)
    glitter(image, rng, 0.56, 0.67, "#f7dfa8", 0.14)
    figures.reeds(image, rng, 1.02, 0.5, "#1b2f33", 90)
    figures.reeds(image, rng, 1.04, 0.72, "#0a171b", 60)
    figures.birds(image, rng, 0.3, 0.2, 0.07, "#0e2029", 9)
    return image


@scene(
    "The light on Skerry",
    "A red and white lighthouse on a rock at night, its two beams crossing a starry sky.",
    (1280, 854),
)
def skerry_light(size, rng):
    image = sky(size, [["#050d1c", "#0a1730"], ["#112447", "#1a3560"], ["#2c4f7c", "#44698d"], ["#64839a", "#7f95a0"]])
    stars(image, rng, 0.6, 700)
    drift(image, cloud(size, rng, (3, 8), 0.42, 0.5), "#1b2f52", 0.1, 0.7)
    beam = Image.new("L", size)
    width, height = size
    lamp = (0.655 * width, 0.302 * height)
    ImageDraw.Draw(beam).polygon([lamp, (-0.1 * width, 0.02 * height), (-0.1 * width, 0.33 * height)], fill=150)
    ImageDraw.Draw(beam).polygon([lamp, (1.1 * width, 0.34 * height), (1.1 * width, 0.46 * height)], fill=110)
    image.paste("#ffe6b0", (0, 0, *size), beam.filter(ImageFilter.GaussianBlur(width / 70)).point(lambda v: v * 0.55))
    land(image, peaks(rng, 0.72, 0.07, 5), "#24405c", "#2d4a63", 0.1)
    rock = [0.74 - 0.16 * max(0, 1 - abs(i / 399 - 0.68) * 3.2) - 0.035 * v for i, v in enumerate(waves(rng, 6, 12))]
    figures.lighthouse(image, 0.655, 0.585, 0.1, "#d8d9d2", "#8e2f2c", "#fff4cf")
    land(image, rock, "#0c1826", "#101f2e", 0.2)
    water(image, rng, 0.73, "#0a1a2e", 0.5, 0.35)
    glow(image, 0.655, 0.305, 0.2, "#ffdf9e", 1)
    glow(image, 0.655, 0.305, 0.05, "#fffbe8", 1)
    glitter(image, rng, 0.655, 0.735, "#ffcf85", 0.09)
    return image


@scene(
    "Herring Street",
    "A row of painted harbour houses at dusk, windows lit, with their lights on the water.",
    (1280, 549),
)
def herring_street(size, rng):
    image = sky(size, [["#23305e", "#3a3f73"], ["#6f5f8c", "#96708f"], ["#d98f82", "#f0b08a"], ["#ffd09a", "#ffc58c"]])
    drift(image, cloud(size, rng, (4, 10), 0.55, 0.4), "#ffb78f", 0.1, 0.6)
    land(image, hills(rng, 0.62, 0.3, 3), "#4c4a78", "#8c6f8a", 0.3)
    land(image, hills(rng, 0.64, 0.14, 5), "#33375e", "#5b5478", 0.2)
    walls = ["#b5402f", "#d99a3d", "#e8dcc6", "#37667a", "#8f2f3a", "#4f7a63", "#cf6b3c", "#d8cdb9"]
    x = -0.01
    while x < 1.02:
        scale = rng.uniform(0.034, 0.05)
        lit = "#ffdf8f" if rng.random() < 0.75 else "#2c3350"
        figures.house(image, x, 0.655, scale, walls[0], "#232742", lit, rng.choice((0.8, 1.1, 1.35, 1.7)))
        walls.append(walls.pop(0))
        x += scale * 1.03
    image.paste("#1d2036", (0, round(0.645 * size[1]), size[0], round(0.69 * size[1])))
    for at in (0.18, 0.34, 0.61, 0.83):
        figures.sailing_boat(image, at, 0.7, 0.032, "#171b30", "#2b3154", "#242a49")
    water(image, rng, 0.69, "#191f40", 0.3, 0.5)
    for _ in range(14):
        glow(image, rng.random(), 0.6, 0.035, "#ffc26b", 0.8)
    return image
