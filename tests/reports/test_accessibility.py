"""What automatic checks can say about whether everybody can read the reports."""

import itertools

import numpy as np
import pytest

from pmanalytics.figures.theme import DARK, LIGHT

RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
TEXTS = ["ink", "ink2", "ink3", "good_text", "bad_text"]
MARKS = ["good", "bad", "neutral", "ink3"]
ON_STAGES = {"on_pale": ["stage1", "stage2", "stage3"], "on_deep": ["stage4", "stage5", "stage6"]}
# How eyes without one kind of cone see linear sRGB: Machado, Oliveira and Fernandes (2009),
# severity 1.0.
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array([
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]),
    "deuteranopia": np.array([
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]),
    "tritanopia": np.array([
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ]),
}  # fmt: skip
XYZ_OF_RGB = np.array([
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(color):
    """Return a colour such as #1B6CA8 as linear red, green and blue."""
    shares = np.array([int(color[n : n + 2], 16) for n in (1, 3, 5)]) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def contrast(first, second):
    """Return the contrast of two colours as WCAG 2 defines it, from 1 to 21."""
    low, high = sorted(XYZ_OF_RGB[1] @ linear(color) for color in (first, second))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """Return linear red, green and blue as CIE L*a*b*."""
    x, y, z = (
        np.cbrt(share) if share > 216 / 24389 else (24389 / 27 * share + 16) / 116
        for share in XYZ_OF_RGB @ np.clip(rgb, 0, 1) / WHITE
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(first, second):
    """Return how different two colours in CIE L*a*b* look (Sharma, Wu and Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(c7 / (c7 + 25**7))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, stretch * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0
    hue = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    chroma, light = (c1 + c2) / 2, (l1 + l2) / 2
    t = 1 + sum(
        weight * np.cos(np.radians(times * hue + shift))
        for weight, times, shift in ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.2, 4, -63))
    )
    parts = np.array([
        (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)),
        (c2 - c1) / (1 + 0.045 * chroma),
        2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * chroma * t),
    ])  # fmt: skip
    bend = np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2)))
    rotation = -2 * np.sqrt(chroma**7 / (chroma**7 + 25**7)) * np.sin(bend)
    return np.sqrt(parts @ parts + rotation * parts[1] * parts[2])


def least_difference(colors, pairs, eye):
    """Return by how much the two most alike of these pairs differ, for such eyes."""
    seen = {name: lab(EYES[eye] @ linear(color)) for name, color in colors.items()}
    return min(ciede2000(seen[a], seen[b]) for a, b in pairs)


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_of_difference_is_the_published_one(first, second, difference):
    """Pairs 1, 17, 18 and 34 of the test data of Sharma, Wu and Dalal (2005)."""
    assert ciede2000(first, second) == pytest.approx(difference, abs=5e-5)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
class TestPalette:
    def test_texts_stand_out_from_what_is_behind_them(self, colors):
        pairs = [*itertools.product(TEXTS, ["page", "panel"])]
        pairs += [("good_text", "good_wash"), ("bad_text", "bad_wash"), ("ink", "good_wash")]
        pairs += [(text, stage) for text, stages in ON_STAGES.items() for stage in stages]
        assert min(contrast(colors[a], colors[b]) for a, b in pairs) >= 4.5

    def test_marks_and_the_borders_of_controls_stand_out_from_the_page(self, colors):
        assert min(contrast(colors[mark], colors["page"]) for mark in MARKS) >= 3

    @pytest.mark.parametrize("eye", EYES)
    def test_trouble_never_looks_like_data(self, colors, eye):
        """20 is what nobody confuses side by side; neighbouring hues of a wheel lie below it."""
        assert least_difference(colors, [("good", "bad")], eye) >= 40

    @pytest.mark.parametrize("eye", EYES)
    def test_stages_that_touch_can_be_told_apart(self, colors, eye):
        """Each has its label and a gap beside it, so 5 will do."""
        stages = [f"stage{n}" for n in range(1, 7)]
        assert least_difference(colors, itertools.pairwise(stages), eye) >= 5


@pytest.mark.browser
@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(
    "name", ["portfolio", "delivery", "lifecycle", "flow", "data_quality", "index"]
)
def test_axe_finds_nothing(opened, name, width, colors):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    page = opened(name, width=width, colors=colors)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    options = {"runOnly": {"type": "tag", "values": RULES}}
    found = Axe().run(page, options=options).response["violations"]
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found] == []
