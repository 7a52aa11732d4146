"""What stands in a landscape, as silhouettes: boats, trees, towers, birds."""

import math
from collections.abc import Iterable
from random import Random

from PIL import Image, ImageDraw

from wall.scenery.brush import Colour, Line, stencil

Point = tuple[float, float]


def shape(image: Image.Image, colour: Colour, *polygons: Iterable[Point]) -> None:
    """Fills polygons given in fractions of the picture."""
    width, height = image.size
    points = [[(x * width, y * height) for x, y in polygon] for polygon in polygons]
    xs, ys = zip(*(point for polygon in points for point in polygon), strict=True)
    # Only the box around them is drawn: most figures are small, and a picture has hundreds.
    left, top = max(0, math.floor(min(xs))), max(0, math.floor(min(ys)))
    right, foot = min(width, math.ceil(max(xs))), min(height, math.ceil(max(ys)))
    if left >= right or top >= foot:
        return

    def outline(draw, *_):
        for polygon in points:
            draw.polygon([((x - left) * 2, (y - top) * 2) for x, y in polygon], fill=255)

    image.paste(colour, (left, top, right, foot), stencil((right - left, foot - top), outline))


def placed(image: Image.Image, x: float, y: float, scale: float, points: Iterable[Point]):
    """Points in units of `scale` picture widths around a place, y upwards."""
    aspect = image.width / image.height
    return [(x + px * scale, y - py * scale * aspect) for px, py in points]


def arc(centre: Point, rx: float, ry: float, start: float, end: float, steps: int = 16):
    """Points on an ellipse; angles in degrees, anticlockwise from the right."""
    for i in range(steps + 1):
        angle = math.radians(start + (end - start) * i / steps)
        yield centre[0] + rx * math.cos(angle), centre[1] + ry * math.sin(angle)


def sailing_boat(image, x, y, scale, hull: Colour, sail: Colour, shade: Colour) -> None:
    at = lambda points: placed(image, x, y, scale, points)  # noqa: E731
    shape(image, shade, at([(0.02, 0.16), (0.02, 1.5), (0.1, 1.0), (0.42, 0.2)]))
    shape(image, sail, at([(-0.03, 0.2), (-0.03, 1.42), (-0.2, 0.8), (-0.5, 0.22)]))
    shape(image, hull, at([(-0.01, 0.1), (-0.01, 1.6), (0.012, 1.6), (0.012, 0.1)]))
    shape(image, hull, at([(-0.62, 0.15), (0.7, 0.2), (0.5, -0.02), (-0.48, -0.02)]))


def rowing_boat(image, x, y, scale, hull: Colour, rim: Colour) -> None:
    at = lambda points: placed(image, x, y, scale, points)  # noqa: E731
    shape(image, hull, at([(-1, 0.3), (1.05, 0.36), (0.72, -0.02), (-0.76, -0.02)]))
    shape(image, rim, at([(-1, 0.3), (1.05, 0.36), (1.03, 0.29), (-0.97, 0.235)]))


def lighthouse(image, x, y, scale, wall: Colour, band: Colour, lamp: Colour) -> None:
    at = lambda points: placed(image, x, y, scale, points)  # noqa: E731
    shape(image, wall, at([(-0.2, -0.1), (-0.12, 1.5), (0.12, 1.5), (0.2, -0.1)]))
    shape(image, band, at([(-0.18, 0.3), (-0.16, 0.65), (0.16, 0.65), (0.18, 0.3)]))
    shape(image, band, at([(-0.145, 1.0), (-0.13, 1.3), (0.13, 1.3), (0.145, 1.0)]))
    shape(image, band, at([(-0.18, 1.5), (-0.18, 1.55), (0.18, 1.55), (0.18, 1.5)]))
    shape(image, lamp, at([(-0.09, 1.55), (-0.09, 1.78), (0.09, 1.78), (0.09, 1.55)]))
    shape(image, band, at([(-0.13, 1.78), (0, 1.98), (0.13, 1.78)]))


def house(image, x, y, scale, wall: Colour, roof: Colour, window: Colour, tall: float = 1) -> None:
    at = lambda points: placed(image, x, y, scale, points)  # noqa: E731
    shape(image, wall, at([(-0.5, -0.1), (-0.5, tall), (0, tall + 0.55), (0.5, tall), (0.5, -0.1)]))
    shape(
        image,
        roof,
        at([(-0.6, tall - 0.1), (0, tall + 0.68), (0.6, tall - 0.1), (0.52, tall - 0.1),
            (0, tall + 0.54), (-0.52, tall - 0.1)]),
    )  # fmt: skip
    panes = []
    for floor in range(max(1, round(tall / 0.6))):
        for side in (-0.24, 0.24):
            low = 0.2 + floor * 0.58
            panes.append(at([(side - 0.1, low), (side - 0.1, low + 0.3), (side + 0.1, low + 0.3), (side + 0.1, low)]))
    shape(image, window, *panes)


def forest(image, rng: Random, line: Line, colour: Colour, height: float, count: int = 140) -> None:
    """Firs along a line, `height` of the picture tall at the most."""
    aspect = image.width / image.height
    trees = []
    for _ in range(count):
        x = rng.random()
        foot = line[round(x * (len(line) - 1))] + 0.01
        tall = height * rng.uniform(0.45, 1)
        wide = tall / aspect * rng.uniform(0.16, 0.24)
        left, right = [], []
        for tier in range(9):
            reach = wide * (tier + 0.6) / 9 * rng.uniform(0.8, 1.15)
            y = foot - tall * (1 - tier / 9)
            left += [(x - reach * 0.45, y), (x - reach, y + tall * 0.1)]
            right += [(x + reach * 0.45, y), (x + reach, y + tall * 0.1)]
        trees.append([(x, foot - tall * 1.06), *right, *reversed(left)])
        trees.append(
            [
                (x - wide / 12, foot - tall),
                (x + wide / 12, foot - tall),
                (x + wide / 8, foot + 0.03),
                (x - wide / 8, foot + 0.03),
            ]
        )
    shape(image, colour, *trees)


def reeds(image, rng: Random, foot: float, height: float, colour: Colour, count: int) -> None:
    """Thin stems that lean with one wind."""

    def stems(draw: ImageDraw.ImageDraw, width, tall):
        for _ in range(count):
            x, rise = rng.random() * 1.1 - 0.05, height * rng.uniform(0.35, 1)
            lean = rng.gauss(0.1, 0.06) * rise
            points = [((x + lean * t * t) * width, (foot - rise * t) * tall) for t in (0, 0.25, 0.5, 0.75, 1)]
            draw.line(points, fill=255, width=max(2, round(width / 900 * rng.uniform(0.6, 1.7))))
            if rng.random() < 0.3:
                end, r = points[-1], width / 500
                draw.ellipse((end[0] - r, end[1] - r * 5, end[0] + r, end[1] + r * 3), fill=255)

    image.paste(colour, (0, 0, *image.size), stencil(image.size, stems))


def birds(image, rng: Random, x: float, y: float, spread: float, colour: Colour, count: int):
    def wings(draw: ImageDraw.ImageDraw, width, height):
        for _ in range(count):
            cx, cy = (x + rng.gauss(0, spread)) * width, (y + rng.gauss(0, spread * 0.5)) * height
            span, lift = width / 150 * rng.uniform(0.5, 1.1), rng.uniform(0.1, 0.55)
            for side in (-1, 1):
                draw.line(
                    [(cx, cy), (cx + side * span * 0.45, cy - span * lift), (cx + side * span, cy - span * lift * 0.5)],
                    fill=255,
                    width=max(2, round(width / 1100)),
                    joint="curve",
                )

    image.paste(colour, (0, 0, *image.size), stencil(image.size, wings))
