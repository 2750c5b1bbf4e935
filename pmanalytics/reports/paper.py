"""A report as a PDF, printed by a browser that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from pmanalytics.errors import MissingBrowserError, PMAnalyticsError

BROWSER = "PMANALYTICS_BROWSER"
NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
SECONDS = 120
PAPER = "<style>@page { size: A4; }</style></head>"


def browser_path() -> str:
    """Return the browser named by PMANALYTICS_BROWSER, or a Chromium or Chrome on PATH.

    Raises
    ------
    MissingBrowserError
        If there is none.
    """
    named = os.environ.get(BROWSER)
    found = next(filter(None, map(shutil.which, [named] if named else NAMES)), None)
    if found is None:
        raise MissingBrowserError(named, BROWSER)
    return found


def print_report(page: Path, browser: str) -> Path:
    """Return the PDF of a report, printed on A4 beside it.

    Raises
    ------
    PMAnalyticsError
        If the browser does not print it.
    """
    target = page.with_suffix(".pdf")
    with TemporaryDirectory(prefix="pmanalytics-") as folder:
        copy, printed = Path(folder, "report.html"), Path(folder, "report.pdf")
        content = page.read_text(encoding="utf-8").replace("</head>", PAPER, 1)
        copy.write_text(content, encoding="utf-8")
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile", "--virtual-time-budget=60000",
            *(["--no-sandbox"] if _is_root() else []),
            f"--print-to-pdf={printed}", copy.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PMAnalyticsError(f"{browser} cannot print {page}: {error}.") from None
        if not printed.exists():
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise PMAnalyticsError(f"{browser} did not print {page}: {''.join(told[-1:])}")
        shutil.copyfile(printed, target)
    return target


def _is_root() -> bool:
    """Tell whether Chromium would refuse its sandbox, as it does for the administrator."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
