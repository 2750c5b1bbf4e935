"""Notebooks are tested by their findings: of what a cell shows, only the text is compared."""

from nbval.plugin import IPyNbFile

pytest_plugins = ["pytester"]

_setup = IPyNbFile.setup


def _setup_comparing_text(self: IPyNbFile) -> None:
    _setup(self)
    self.skip_compare += (
        "text/html",
        "application/vnd.plotly.v1+json",
        "application/vnd.pmanalytics.card+json",
    )


IPyNbFile.setup = _setup_comparing_text
