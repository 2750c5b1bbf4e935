"""Delivery analytics for project and product managers.

A file becomes a table by passing a schema; a metric is a function from tables to a table; a figure
is a function from a metric's table to a plotly figure; a notebook only calls them in that order; a
report is a notebook that was run.
"""

from importlib import import_module

_HOMES = {
    "pmanalytics.loaders.folder": ["load_portfolio"],
    "pmanalytics.loaders.storing.ingest": ["ingest", "Ingested"],
    "pmanalytics.loaders.records": ["load_products", "load_projects", "load_table"],
    "pmanalytics.loaders.histories": ["load_status_history", "load_stage_dates"],
    "pmanalytics.loaders.snapshots": ["load_project_snapshots", "Snapshots"],
    "pmanalytics.loaders.jira.from_csv": ["load_jira_csv", "time_in_status"],
    "pmanalytics.loaders.jira.from_json": ["load_jira_json", "JiraTables"],
    "pmanalytics.loaders.jira.from_xml": ["load_jira_xml"],
    "pmanalytics.loaders.guesses.proposal": ["propose_config"],
    "pmanalytics.loaders.guesses.stages": ["proposed_lifecycle"],
    "pmanalytics.loaders.sources.reading": ["Reading"],
    "pmanalytics.loaders.jira.projects": ["projects_from_jira", "products_from_jira"],
    "pmanalytics.metrics.delivery": ["project_outcomes"],
    "pmanalytics.metrics.rates": [
        "on_time_rate",
        "on_budget_rate",
        "on_time_and_on_budget_rate",
        "rate_splits",
    ],
    "pmanalytics.metrics.trends": ["rate_trend", "rate_change", "rate_difference"],
    "pmanalytics.metrics.variances": ["variance_distribution"],
    "pmanalytics.metrics.variance_trends": ["variance_change", "variance_trend"],
    "pmanalytics.metrics.plans": ["baseline_drift", "replanning", "estimate_quality"],
    "pmanalytics.metrics.money": [
        "in_currency",
        "in_main_currency",
        "cost_totals",
        "real_costs",
    ],
    "pmanalytics.metrics.commitments": ["open_commitments"],
    "pmanalytics.metrics.participants": ["portfolio_rates", "portfolio_participation"],
    "pmanalytics.metrics.stages": ["stage_visits", "parallel_visits", "item_stages"],
    "pmanalytics.metrics.histories": ["history_problems"],
    "pmanalytics.metrics.rework": ["stage_passages", "rework"],
    "pmanalytics.metrics.durations": [
        "stage_durations",
        "stage_survival",
        "stage_outcomes",
        "compare_durations",
    ],
    "pmanalytics.metrics.flow": ["flow_items", "flow_efficiency"],
    "pmanalytics.metrics.flow_rates": ["flow_by_day", "throughput", "littles_law"],
    "pmanalytics.metrics.cumulative_flow": ["cumulative_flow"],
    "pmanalytics.metrics.service_level": ["service_level", "ageing"],
    "pmanalytics.metrics.products": [
        "product_stages",
        "stage_mix",
        "stage_moves",
    ],
    "pmanalytics.metrics.market": ["time_to_market", "time_to_market_summary"],
    "pmanalytics.metrics.rollup": ["projects_by_product", "product_rollup", "project_spans"],
    "pmanalytics.metrics.goals": ["goal_attainment", "goals_attained"],
    "pmanalytics.metrics.requirements": ["requirements", "requirement_coverage"],
    "pmanalytics.metrics.releases": ["release_dates", "release_cadence"],
    "pmanalytics.metrics.retirement": ["retirement"],
    "pmanalytics.metrics.forecast": ["forecast_when", "forecast_how_many"],
    "pmanalytics.metrics.forecast_backtest": ["throughput_backtest"],
    "pmanalytics.metrics.attention": ["attention"],
    "pmanalytics.metrics.changes": [
        "changes_between",
        "portfolio_changes",
        "staleness",
        "staleness_summary",
    ],
    "pmanalytics.metrics.risk": ["risk_exposure", "exposure_over_time", "risk_hygiene"],
    "pmanalytics.metrics.resources": ["team_load"],
    "pmanalytics.metrics.defects": ["defect_removal", "reopen_rate", "open_defects"],
    "pmanalytics.metrics.reference_class": [
        "plan_ratios",
        "reference_class",
        "project_forecasts",
    ],
    "pmanalytics.metrics.reference_backtest": ["reference_class_backtest"],
    "pmanalytics.metrics.published_uplifts": ["published_uplifts", "published_uplift"],
    "pmanalytics.metrics.quality": [
        "completeness",
        "participation",
        "reason_counts",
        "worst_case",
    ],
    "pmanalytics.metrics.earned_value": ["earned_value", "reports_from_projects"],
    "pmanalytics.metrics.totals": ["earned_value_totals"],
    "pmanalytics.metrics.tasks": ["task_indices"],
    "pmanalytics.figures.rates": ["plot_rates"],
    "pmanalytics.figures.headlines": [
        "headline",
        "rate_headline",
        "variance_headline",
        "late_headline",
        "overrun_headline",
    ],
    "pmanalytics.figures.trends": ["plot_rate_trend"],
    "pmanalytics.figures.variances": ["plot_variances"],
    "pmanalytics.figures.delivery": [
        "plot_outcomes",
    ],
    "pmanalytics.figures.slipping": ["plot_slipping"],
    "pmanalytics.figures.reference_class": ["plot_reference_class", "plot_project_forecasts"],
    "pmanalytics.figures.stages": ["plot_stage_durations"],
    "pmanalytics.figures.lives": ["plot_product_lives"],
    "pmanalytics.figures.products": [
        "stage_rows",
        "move_rows",
        "plot_stage_mix",
        "mix_rows",
        "plot_time_to_market",
        "market_rows",
        "rollup_rows",
        "retirement_rows",
    ],
    "pmanalytics.figures.goals": ["plot_goals"],
    "pmanalytics.figures.requirements": ["plot_requirements", "requirement_rows"],
    "pmanalytics.figures.releases": ["plot_releases"],
    "pmanalytics.figures.forecast": ["plot_completion_forecast"],
    "pmanalytics.figures.survival": ["plot_stage_survival"],
    "pmanalytics.figures.duration_rows": [
        "type_rows",
        "working_rows",
        "beside_rows",
        "rework_rows",
        "left_out_rows",
    ],
    "pmanalytics.figures.flow": ["plot_cumulative_flow", "plot_wip", "plot_throughput"],
    "pmanalytics.figures.flow_rows": [
        "steadiness_rows",
        "efficiency_rows",
        "level_rows",
        "held_rows",
    ],
    "pmanalytics.figures.cycle_times": ["plot_cycle_times", "plot_ageing"],
    "pmanalytics.figures.attention": ["attention_rows", "points_that_matter"],
    "pmanalytics.figures.changes": ["change_rows"],
    "pmanalytics.figures.defects": ["defect_rows", "open_defect_rows", "reopen_rows"],
    "pmanalytics.figures.money": ["cost_rows"],
    "pmanalytics.figures.plans": ["replanned_rows"],
    "pmanalytics.figures.project_rows": [
        "stale_rows",
        "estimate_rows",
        "task_rows",
        "backtest_rows",
    ],
    "pmanalytics.figures.risk": ["plot_exposure", "exposure_rows", "neglected_rows"],
    "pmanalytics.figures.resources": ["plot_team_load"],
    "pmanalytics.figures.problems": [
        "file_rows",
        "problem_rows",
        "reason_rows",
        "column_rows",
        "participation_rows",
    ],
    "pmanalytics.figures.quality": [
        "plot_files",
        "plot_worst_case",
        "plot_completeness",
        "rows_used",
    ],
    "pmanalytics.figures.earned_value": ["plot_earned_value", "plot_performance"],
    "pmanalytics.reports.cards": [
        "figure_card",
        "table_card",
        "headline_card",
        "scope_card",
        "lifecycle_card",
        "notes_card",
        "text_card",
        "points_card",
    ],
    "pmanalytics.reports.views": ["filtered", "Views"],
    "pmanalytics.reports.render": ["render_reports"],
    "pmanalytics.sample": ["write_sample"],
    "pmanalytics.portfolio": ["Quarantine", "Portfolio"],
    "pmanalytics.lifecycle": ["Lifecycle", "status_mapping"],
    "pmanalytics.working_time": ["Calendar"],
    "pmanalytics.requirement_types": ["RequirementTypes"],
    "pmanalytics.errors": ["PMAnalyticsError"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = list(_HOME_OF)


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
