"""Prints the results as a table."""

from rich import box
from rich.console import Console
from rich.table import Table

STEPS = ("cold", "unchanged", "changed")


def show(results: dict) -> None:
    contenders = results["contenders"]
    ours = contenders.get("slipway")
    table = Table(box=box.SIMPLE, title=title(results), title_justify="left")
    table.add_column("contender")
    for heading in ("cold s", "unchanged s", "one changed s"):
        table.add_column(heading, justify="right")
    table.add_column("requests of each", justify="right")
    table.add_column("right?")
    table.add_column("a denied upload")
    for name, result in contenders.items():
        times = [cell(min(result["seconds"][step]), ours and min(ours["seconds"][step])) for step in STEPS]
        requests = " / ".join(f"{result['requests'][step]:,}" for step in STEPS)
        table.add_row(
            name,
            *times,
            requests,
            "NO" if result["faults"] else "yes",
            "fails the command" if result["reports_denial"] else "EXITS 0",
        )
    console = Console()
    # A pipe has no width; a table of eighty columns breaks every cell.
    Console(width=max(console.width, 130)).print(table)
    for name, result in contenders.items():
        for fault in result["faults"]:
            print(f"{name}, {fault}")


def markdown(results: dict) -> str:
    """The table of docs/static-files.md."""
    lines = ["| | cold | unchanged | one changed | CPU, cold | requests |", "| --- | --- | --- | --- | --- | --- |"]
    for name, result in results["contenders"].items():
        times = " | ".join(f"{min(result['seconds'][step]):.1f} s" for step in STEPS)
        requests = " / ".join(f"{result['requests'][step]:,}" for step in STEPS)
        lines.append(f"| {name} | {times} | {min(result['cpu']['cold']):.1f} s | {requests} |")
    return "\n".join(lines)


def title(results: dict) -> str:
    return (
        f"{results['files']:,} third-party files, {results['bytes'] / 1e6:.0f} MB with hashed names, "
        f"{1000 * results['round_trip']:.0f} ms round trip, {1000 * results['connect']:.0f} ms more for a connection"
    )


def cell(seconds: float, ours: float | None) -> str:
    """The time and how many times Slipway's it is."""
    return f"{seconds:.2f}" + (f" ({seconds / ours:.1f}x)" if ours and seconds != ours else "")
