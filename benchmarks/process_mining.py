"""What do other tools say of the same histories? pm4py as it is, five more by their rules.

`make process-mining` reads the issues of `data/sample` and, where PMANALYTICS_REAL_DATA names the
folder of real records, those of a real team in `jira_cloud_json`. It prints one table of each:
how long the work took by each rule. Where pm4py and we define the same thing, it stops unless both
say the same. The rules of tools that are no library are applied as they are documented; see
docs/why-our-numbers-differ.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pm4py
from report import markdown

from pmanalytics import Lifecycle, flow_items, item_stages, load_portfolio, stage_visits

REAL_DATA = "PMANALYTICS_REAL_DATA"
ROOT = Path(__file__).parents[1]
LOG = {"item_id": "case:concept:name", "to_status": "concept:name", "changed_at": "time:timestamp"}


@dataclass(frozen=True)
class History:
    """The status changes of some issues, and what is needed to read them."""

    name: str
    changes: pd.DataFrame
    lifecycle: Lifecycle
    as_of: str
    time_zone: str

    def visits(self, policy: str = "history") -> pd.DataFrame:
        """Return the stays in stages that a policy keeps."""
        return stage_visits(
            self.changes, self.lifecycle, as_of=self.as_of, time_zone=self.time_zone, policy=policy
        )

    def items(self, policy: str = "history", *, inclusive: bool = True) -> pd.DataFrame:
        """Return when each issue began and finished by that policy."""
        return flow_items(
            self.visits(policy), self.lifecycle, as_of=self.as_of, time_zone=self.time_zone,
            inclusive=inclusive,
        )  # fmt: skip

    @cached_property
    def stays(self) -> pd.DataFrame:
        """Stays in statuses, whatever stage they mean: what pm4py is given, too."""
        return stage_visits(self.changes, as_of=self.as_of, time_zone=self.time_zone)

    @cached_property
    def log(self) -> pd.DataFrame:
        """The changes as pm4py reads them."""
        order = ["item_id", "changed_at", "sequence"]
        known = self.changes[self.changes["changed_at"] <= self.stays["entered_at"].max()]
        return known.sort_values(order).rename(columns=LOG)[list(LOG.values())]


def main() -> None:
    """Print what each tool says of each history."""
    if not os.environ.get(REAL_DATA):
        sys.stdout.write(f"{REAL_DATA} is not set: the sample only.\n")
    sys.stdout.writelines(map(tables_of, histories()))


def tables_of(history: History) -> str:
    """Return what each tool says of a history, in two tables."""
    n_items, n_stays = history.stays["item_id"].nunique(), len(history.stays)
    title = f"{history.name}: {n_items:,} issues, {n_stays:,} entries into a status"
    rules = markdown(["tool", "counts", "n", "median", "P85", "mean"], rule_rows(history))
    log = markdown(["of the same log", "pm4py", "ours"], list(log_rows(history)))
    return f"\n{title}\n\n{rules}\n{log}"


def histories() -> Iterator[History]:
    """Yield the sample's issues, and those of a real team where they are at hand."""
    sample = load_portfolio(ROOT / "data" / "sample")
    changes, flow = sample.changes_of("work_item"), sample.lifecycles["work_item"]
    yield History("data/sample", changes, flow, sample.as_of, sample.time_zone)
    real = os.environ.get(REAL_DATA)
    if not real:
        return
    team = load_portfolio(Path(real) / "jira_cloud_json", as_of="2022-07-31")
    doing, done = (
        ["Ready for Dev", "In Development", "In Progress"],
        ["Closed", "Resolved", "已完成"],
    )
    stages = {"Waiting": ["Inbox", "Open", "To Do"], "Doing": doing, "Done": done}
    flow = Lifecycle(stages, terminal=["Done"], start="Waiting")
    yield History(
        "jira_cloud_json", team.changes_of("work_item"), flow, team.as_of, "Asia/Shanghai"
    )


def rule_rows(history: History) -> list[list[str]]:
    """Return one row per tool: what it counts, of how many, and how long these took."""
    ours = history.items()["cycle_time_days"]
    plain = history.items("furthest", inclusive=False)["cycle_time_days"]
    dated = history.items("latest_monotone")["cycle_time_days"]
    told = {
        "pmanalytics": ("first start to last finish, + 1 day", ours, "inverted_cdf"),
        "jirametrics": ("the same dates, + 1 day", ours, "lower"),
        "jira-agile-metrics": ("a move back wipes later dates", plain, "linear"),
        "ActionableAgile": ("one rising date per stage, + 1 day", dated, "inverted_cdf"),
        "Jira's Control Chart": ("time in the columns between", in_between(history), "linear"),
        "[CHART] Time in Status": ("creation to last change", passed(history), "linear"),
        "pm4py, case duration": (
            "first to last event",
            pd.Series(pm4py.get_all_case_durations(history.log)) / 86_400,
            "linear",
        ),
    }
    return [[tool, rule, *figures(days.dropna(), how)] for tool, (rule, days, how) in told.items()]


def figures(days: pd.Series, method: str) -> list[str]:
    """Return the number, median, 85th percentile and mean of some days, as a tool reads them."""
    median, p85 = np.quantile(days, [0.5, 0.85], method=method)
    return [f"{len(days):,}", *(f"{number:.1f}" for number in (median, p85, days.mean()))]


def in_between(history: History) -> pd.Series:
    """Return the days in all stages but the first and the last ones, of finished and open alike."""
    flow = history.lifecycle
    outer = [next(iter(flow.stages)), *flow.terminal, *flow.cancelled]
    stages = item_stages(history.visits())
    return stages[~stages["stage"].isin(outer)].groupby("item_id")["total_days"].sum()


def passed(history: History) -> pd.Series:
    """Return the days in all statuses that were left, the present one not included."""
    stays = history.stays
    return stays["days"].mask(stays["is_open"], 0.0).groupby(stays["item_id"]).sum()


def log_rows(history: History) -> Iterator[list[str]]:
    """Yield what pm4py and we say of one log; what is defined alike must be alike."""
    stays, log = history.stays, history.log
    steps, _, _ = pm4py.discover_performance_dfg(log, perf_aggregation_key="sum")
    theirs = sum(seconds for seconds in steps.values()) / 86_400
    ended = stays.loc[~stays["is_open"], "days"]
    agree("days in stays that have ended", theirs, ended.sum())
    yield ["days in stays that have ended", f"{theirs:,.0f}", f"{ended.sum():,.0f}"]
    still = stays[stays["is_open"]]
    ends = history.lifecycle.terminal
    is_over = history.lifecycle.stages_of(still["stage"]).isin(
        [*ends, *history.lifecycle.cancelled]
    )
    yield ["issues not finished, and their days there", "left out",
           f"{(~is_over).sum():,}; {still.loc[~is_over, 'days'].sum():,.0f}"]  # fmt: skip
    again = pm4py.get_rework_cases_per_activity(log)
    agree("returns to a status", sum(again.values()), (stays["visit"] == 2).sum())
    yield ["issues that came back to a status, added up", f"{sum(again.values()):,}",
           f"{(stays['visit'] == 2).sum():,}"]  # fmt: skip
    cycle = pm4py.get_cycle_time(log) / 86_400
    yield ["“cycle time” in days", f"{cycle:.2g}, busy days ÷ issues", "above, start to finish"]


def agree(what: str, theirs: float, ours: float) -> None:
    """Stop if two tools that define a number alike do not find the same."""
    if not np.isclose(theirs, ours, rtol=1e-6):
        raise SystemExit(f"{what}: pm4py says {theirs}, we say {ours}")


if __name__ == "__main__":
    main()
