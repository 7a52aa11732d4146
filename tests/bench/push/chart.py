"""Draws the results: `python -m tests.bench.push.chart push.json push.svg`. Runs in the bench's own venv."""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.ticker import ScalarFormatter

from tests.bench.push.table import STEPS, title

COLOURS = {"cold": "#1d4e89", "unchanged": "#00a878", "changed": "#f4a259"}
LOGARITHMIC_FROM = 60  # seconds
LABELS = {"cold": "cold", "unchanged": "unchanged", "changed": "one file changed"}


def draw(results: dict, path: Path) -> None:
    """Bars from zero, or on a logarithmic scale where the slowest would hide the fastest."""
    contenders = results["contenders"]
    names = list(contenders)[::-1]
    figure, axes = pyplot.subplots(figsize=(10, 1.6 + 0.75 * len(names)), layout="constrained")
    height = 0.26
    for offset, step in zip((height, 0, -height), STEPS, strict=True):
        times = [min(contenders[name]["seconds"][step]) for name in names]
        places = [row + offset for row in range(len(names))]
        bars = axes.barh(places, times, height, color=COLOURS[step], label=LABELS[step])
        axes.bar_label(bars, [f"{seconds:.1f} s" for seconds in times], padding=3, fontsize=9)
    axes.set_yticks(range(len(names)), names)
    slowest = max(min(result["seconds"][step]) for result in contenders.values() for step in STEPS)
    logarithmic = slowest > LOGARITHMIC_FROM
    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_xlim((1, slowest * 2) if logarithmic else (0, slowest * 1.1))
    axes.set_xlabel(f"seconds for the whole command{' (logarithmic)' if logarithmic else ''}")
    axes.set_title(title(results), fontsize=10, loc="left", pad=12)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, loc="outside lower center", ncols=3)
    figure.savefig(path)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
