"""The same card in several forms: all are computed here, a page only swaps what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pmanalytics.reports.cards import CARD, PLOTLY, Card, html_of, template


@dataclass(frozen=True)
class Views:
    """A card in each of the forms that a reader may choose from; a notebook shows the first.

    `asks` is what is chosen once for a whole page, such as the business line. Without it each card
    has buttons of its own.
    """

    views: dict[str, Card | Views]
    asks: str = ""

    def __repr__(self) -> str:
        return repr(next(iter(self.views.values())))

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        """Return the first form as a notebook shows it, and all of them for the page."""
        bundles = {name: view._repr_mimebundle_() for name, view in self.views.items()}
        views = [[name, of[CARD], of.get(PLOTLY)] for name, of in bundles.items()]
        return next(iter(bundles.values())) | {CARD: {"asks": self.asks, "views": views}}


def filtered(cards: Mapping[str, Card | Views], *, by: str | None) -> Card | Views:
    """Return a card of which a page shows the form of the part that its reader chose.

    Parameters
    ----------
    cards
        The card of each of `Portfolio.parts`, the whole first.
    by
        The column that parts are told by, or none where there is only the whole.
    """
    return next(iter(cards.values())) if by is None else Views(dict(cards), asks=by)


def views_html(shown: dict[str, Any], figure: dict[str, Any] | None, number: str) -> str:
    """Return a card, or all its forms of which the first is visible, as HTML."""
    if "views" not in shown:
        return html_of(shown, figure, number)
    is_filter, names = bool(shown["asks"]), [name for name, _, _ in shown["views"]]
    forms = []
    for position, (name, inner, drawing) in enumerate(shown["views"]):
        own = f"{number}-{position}"
        tabs = [(other, other == name) for other in names]
        html = views_html(inner, drawing, own) if is_filter else html_of(inner, drawing, own, tabs)
        forms.append((name, html))
    return template("views.html.j2").render(forms=forms, is_filter=is_filter)


def leaves(shown: dict[str, Any], figure: dict[str, Any] | None) -> list[Any]:
    """Return every card among the forms of one, with its figure; the one shown first is first."""
    if "views" not in shown:
        return [(shown, figure)]
    return [leaf for _, inner, drawing in shown["views"] for leaf in leaves(inner, drawing)]
