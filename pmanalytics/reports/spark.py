"""Small drawings beside a number, made of plain SVG, so that they need no code in the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WIDTH, HEIGHT = 160, 40
MARGIN = 5


def spark(
    line: Sequence[tuple[float, float, float]], bars: Sequence[float]
) -> dict[str, Any] | None:
    """Return what to draw of a line with its band, or of bars; nothing of less than two values.

    Bars above 0 are the bad ones. Lengths are those of a view box of `WIDTH` × `HEIGHT`.
    """
    if len(line) > 1:
        return _line(line)
    return _bars(bars) if len(bars) > 1 else None


def _line(points: Sequence[tuple[float, float, float]]) -> dict[str, Any]:
    lowest, highest = min(low for low, _, _ in points), max(high for _, _, high in points)
    x = [MARGIN + n * (WIDTH - 2 * MARGIN) / (len(points) - 1) for n in range(len(points))]
    lows, values, highs = (
        [_y(point[side], lowest, highest) for point in points] for side in range(3)
    )
    band = [*zip(x, highs, strict=True), *reversed([*zip(x, lows, strict=True)])]
    zero = _y(0, lowest, highest) if lowest < 0 < highest else None
    return {
        "band": _path(band),
        "line": _path([*zip(x, values, strict=True)]),
        "end": [round(part, 1) for part in (x[-1], values[-1], highs[-1], lows[-1])],
        "zero": zero,
    }


def _bars(values: Sequence[float]) -> dict[str, Any]:
    lowest, highest = min(0, *values), max(0, *values)
    step = min((WIDTH - 2 * MARGIN) / len(values), 14)
    zero = _y(0, lowest, highest)
    drawn = []
    for n, value in enumerate(values):
        y = _y(value, lowest, highest)
        size = [round(part, 1) for part in (MARGIN + n * step, min(y, zero), step * 0.72)]
        drawn.append([*size, max(round(abs(y - zero), 1), 0.5), "bad" if value > 0 else "good"])
    return {"bars": drawn, "zero": zero}


def _y(value: float, lowest: float, highest: float) -> float:
    share = (value - lowest) / ((highest - lowest) or 1)
    return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
