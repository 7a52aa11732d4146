"""Skies, land, water and light. A picture is an RGB image; lengths are fractions of its sides."""

import itertools
import math
from collections.abc import Callable, Sequence
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = str | tuple[int, int, int]
Line = Sequence[float]  # one height for each sample across the picture, 0 at the top


def sky(size: tuple[int, int], rows: Sequence[Sequence[Colour]]) -> Image.Image:
    """A soft field of colour from a coarse grid of it, top row first."""
    grid = Image.new("RGB", (len(rows[0]), len(rows)))
    for y, row in enumerate(rows):
        for x, colour in enumerate(row):
            grid.paste(colour, (x, y, x + 1, y + 1))
    return grid.resize(size, Image.Resampling.BICUBIC)


def waves(rng: Random, octaves: int, first: float, samples: int = 400) -> list[float]:
    """Fractal noise in 0…1 along a line; `first` is the number of swells across the picture."""
    total, weight, frequency, amplitude = [0.0] * samples, 0.0, first, 1.0
    for _ in range(octaves):
        knots = [rng.random() for _ in range(math.ceil(frequency) + 3)]
        for i in range(samples):
            at = i / (samples - 1) * frequency
            k, t = int(at), at % 1
            t = t * t * (3 - 2 * t)
            total[i] += amplitude * (knots[k] * (1 - t) + knots[k + 1] * t)
        weight, frequency, amplitude = weight + amplitude, frequency * 2.1, amplitude * 0.48
    return [value / weight for value in total]


def hills(rng: Random, base: float, height: float, first: float = 3, octaves: int = 5) -> Line:
    return [base - height * value for value in waves(rng, octaves, first)]


def peaks(rng: Random, base: float, height: float, first: float = 3, octaves: int = 7) -> Line:
    """Hills folded at their middle, which gives them edges."""
    folded = ((1 - abs(2 * value - 1)) ** 1.6 for value in waves(rng, octaves, first, 900))
    return [base - height * value for value in folded]


def stencil(size: tuple[int, int], draw: Callable[[ImageDraw.ImageDraw, int, int], None]):
    """A mask drawn at twice the size, so that its edges are smooth."""
    width, height = size[0] * 2, size[1] * 2
    mask = Image.new("L", (width, height))
    draw(ImageDraw.Draw(mask), width, height)
    return mask.reduce(2)


def fade(size: tuple[int, int], stops: Sequence[tuple[float, int]]) -> Image.Image:
    """A mask that changes from top to bottom: (height, opacity 0…255) pairs, top first."""
    values = []
    for i in range(512):
        at = i / 511
        (y0, a0), (y1, a1) = stops[0], stops[-1]
        for lower, upper in itertools.pairwise(stops):
            if lower[0] <= at <= upper[0]:
                (y0, a0), (y1, a1) = lower, upper
        t = min(1.0, max(0.0, (at - y0) / ((y1 - y0) or 1)))
        values.append(round(a0 + (a1 - a0) * t))
    column = Image.frombytes("L", (1, 512), bytes(values))
    return widened(column.resize((1, size[1]), Image.Resampling.BILINEAR), size[0])


def widened(column: Image.Image, width: int) -> Image.Image:
    """One column of pixels, repeated: a gradient costs a copy then, not an interpolation."""
    return column.resize((width, column.height), Image.Resampling.NEAREST)


def land(image: Image.Image, line: Line, top: Colour, foot: Colour, reach: float = 0.3) -> None:
    """Fills below a line; `foot` is reached `reach` below its highest point (haze in a valley)."""

    high = min(line)
    width, height = image.size
    # Nothing changes above its highest point.
    sill = min(height - 1, max(0, int(high * height)))

    def outline(draw, *_):
        step = width * 2 / (len(line) - 1)
        points = [(i * step, (y * height - sill) * 2) for i, y in enumerate(line)]
        draw.polygon([(0, height * 2), *points, (width * 2, height * 2)], fill=255)

    column = (1, height)
    shade = fade(column, [(0, 0), (high, 0), (min(1, high + reach), 255), (1, 255)])
    fill = Image.composite(Image.new("RGB", column, foot), Image.new("RGB", column, top), shade)
    fill = fill.crop((0, sill, 1, height))
    image.paste(widened(fill, width), (0, sill), stencil((width, height - sill), outline))


def cloud(size: tuple[int, int], rng: Random, cells=(5, 4), cover=0.5, soft=0.3) -> Image.Image:
    """A mask of drifting cloud; `cells` is its coarseness across and down. Soft, so half the size will do."""
    half = (size[0] // 2, size[1] // 2)
    total = Image.new("L", half)
    for octave in range(5):
        across, down = cells[0] * 2**octave, cells[1] * 2**octave
        layer = Image.frombytes("L", (across, down), rng.randbytes(across * down))
        layer = layer.resize(half, Image.Resampling.BICUBIC)
        total = layer if octave == 0 else Image.blend(total, layer, 0.5 ** (octave * 0.75 + 0.6))
    low, span = 255 * (1 - cover), 255 * soft
    mask = total.point(lambda value: max(0, min(255, round((value - low) / span * 255))))
    return mask.resize(size, Image.Resampling.BILINEAR)


def drift(image: Image.Image, mask: Image.Image, colour: Colour, top: float, foot: float) -> None:
    """Cloud or mist of one colour between two heights, thinning towards both."""
    middle = (top + foot) / 2
    width, height = image.size
    band = fade((1, height), [(0, 0), (max(0, top), 0), (middle, 255), (min(1, foot), 0), (1, 0)])
    box = (0, int(max(0, top) * height), width, math.ceil(min(1, foot) * height))
    band = widened(band.crop((0, box[1], 1, box[3])), width)
    image.paste(colour, box, ImageChops.multiply(mask.crop(box), band))


def glow(image: Image.Image, x: float, y: float, radius: float, colour: Colour, power=1.0) -> None:
    """Light that spreads from a point; the radius is a fraction of the width."""
    reach = round(radius * image.width)
    disc = Image.radial_gradient("L").point(lambda value: round(max(0, 1 - value / 181) ** 2.2 * 255 * power))
    disc = disc.resize((reach * 2, reach * 2), Image.Resampling.BILINEAR)
    left, top = round(x * image.width) - reach, round(y * image.height) - reach
    box = (max(0, left), max(0, top), min(image.width, left + disc.width), min(image.height, top + disc.height))
    disc = disc.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
    light = Image.new("RGB", disc.size)
    light.paste(colour, (0, 0, *disc.size), disc)
    image.paste(ImageChops.screen(image.crop(box), light), box)


def disc(image: Image.Image, x: float, y: float, radius: float, colour: Colour) -> None:
    def outline(draw, width, height):
        r = radius * width
        draw.ellipse((x * width - r, y * height - r, x * width + r, y * height + r), fill=255)

    image.paste(colour, (0, 0, *image.size), stencil(image.size, outline))


def water(image: Image.Image, rng: Random, horizon: float, tint: Colour, depth=0.45, calm=0.5):
    """Mirrors what stands above the horizon into ripples that widen as they come near."""
    width, height = image.size
    shore = round(horizon * height)
    below = height - shore
    above = image.crop((0, max(0, shore - below), width, shore))
    mirror = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((width, below))
    mirror = mirror.filter(ImageFilter.GaussianBlur(width / 600))
    swell = waves(rng, 4, 60, below)
    rippled = mirror.copy()
    for y in range(below):
        near = y / below
        sway = (swell[y] - 0.5) * (0.004 + 0.05 * near) * width * (1 - calm)
        lift = round((swell[below - 1 - y] - 0.5) * near * 0.09 * below)
        source = min(below - 1, max(0, y + lift))
        rippled.paste(mirror.crop((0, source, width, source + 1)), (round(sway), y))
    deepen = fade((width, below), [(0, round(70 * depth)), (1, round(255 * min(1, depth * 1.5)))])
    rippled.paste(tint, (0, 0, width, below), deepen)
    image.paste(rippled, (0, shore))


def glitter(image: Image.Image, rng: Random, x: float, horizon: float, colour: Colour, spread=0.2):
    """The broken path of light below a sun or a lamp."""

    def strokes(draw, width, height):
        for _ in range(900):
            near = rng.random() ** 1.4
            y = horizon + (1 - horizon) * near
            at = x + rng.gauss(0, spread * (0.12 + 0.5 * near))
            long = (0.002 + 0.03 * near * rng.random()) * width
            thick = (0.0006 + 0.0035 * near * rng.random()) * height
            shade = round(255 * rng.uniform(0.15, 0.85) * (1 - 0.6 * near))
            draw.ellipse(
                (at * width - long, y * height - thick, at * width + long, y * height + thick),
                fill=shade,
            )

    light = Image.new("RGB", image.size)
    light.paste(colour, (0, 0, *image.size), stencil(image.size, strokes))
    image.paste(ImageChops.screen(image, light))


def stars(image: Image.Image, rng: Random, foot: float, count: int = 500) -> None:
    def points(draw, width, height):
        for _ in range(count):
            x, y = rng.random() * width, rng.random() ** 1.3 * foot * height
            r = width / 2600 * rng.choice((0.6, 0.8, 1, 1, 1.5, 2.2))
            draw.ellipse((x - r, y - r, x + r, y + r), fill=round(255 * rng.uniform(0.2, 0.95)))

    image.paste("#fff8ea", (0, 0, *image.size), stencil(image.size, points))


def finish(image: Image.Image, rng: Random, grain: float = 0.13) -> Image.Image:
    """Darkens the corners a little and lays film grain over the whole, which hides banding too."""
    width, height = image.size
    corners = Image.radial_gradient("L").point(lambda value: round(max(0, value - 120) * 0.28))
    image.paste("#05090d", (0, 0, width, height), corners.resize(image.size, Image.Resampling.BILINEAR))
    noise = Image.frombytes("L", (width // 2, height // 2), rng.randbytes(width // 2 * (height // 2)))
    noise = noise.resize(image.size, Image.Resampling.BICUBIC).convert("RGB")
    return Image.blend(image, ImageChops.soft_light(image, noise), grain)
