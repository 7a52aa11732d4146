"""A picture with its words."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image

from wall.scenery.brush import finish

Size = tuple[int, int]  # pixels


@dataclass(frozen=True)
class Scene:
    title: str
    alt: str
    size: Size
    brush: Callable[[Size, Random], Image.Image]

    def paint(self) -> Image.Image:
        """The same pixels every time: the title is the seed."""
        rng = Random(self.title)
        return finish(self.brush(self.size, rng), rng)


def scene(title: str, alt: str, size: Size) -> Callable[..., Scene]:
    """Makes a Scene of the function that paints it on a size with a random source."""
    return lambda brush: Scene(title, alt, size, brush)
