"""Every table, in and out: one class is one table, and its docstring says what one row is.

A table of these may hold more columns than its schema names: they are what people group by.
Text is `str`, a day is a naive midnight `datetime64[us]` in a column `…_date`, an instant is UTC in
a column `…_at`, money is a float beside a `currency`, a share or rate lies between 0 and 1, and
what is not known is missing (`NaN`, `NaT`, `NA`), never 0.
"""

from functools import cache

from pmanalytics.schemas.accounts import (
    PROJECT_KINDS,
    Columns,
    Completeness,
    Files,
    Participation,
    Problems,
    ReasonCounts,
    WorstCase,
)
from pmanalytics.schemas.attention import Attention, Changes, Staleness, StalenessSummary
from pmanalytics.schemas.base import (
    LEVELS,
    Day,
    Instant,
    Table,
    count,
    dtypes,
    empty,
    fits,
    optional,
    required,
    share,
)
from pmanalytics.schemas.delivery import (
    BANDS,
    VARIANCES,
    ProjectOutcomes,
    RateChanges,
    RateDifferences,
    Rates,
    RateSplits,
    RateTrends,
)
from pmanalytics.schemas.earned_value import EarnedValue, TaskIndices
from pmanalytics.schemas.flow import (
    Ageing,
    CumulativeFlow,
    FlowByDay,
    FlowEfficiencies,
    FlowItems,
    LittlesLaw,
    ServiceLevels,
    Throughput,
)
from pmanalytics.schemas.forecasts import (
    CompletionForecasts,
    CountForecasts,
    ThroughputBacktests,
)
from pmanalytics.schemas.further import (
    FOUND_IN,
    FURTHER_TABLES,
    RISK_STATUSES,
    Allocations,
    CostByYear,
    Defects,
    ExchangeRates,
    Forecasts,
    Goals,
    PriceIndex,
    ProductProjects,
    Risks,
    StatusReports,
    Tasks,
)
from pmanalytics.schemas.inputs import (
    MONEY,
    PROJECT_STATUSES,
    FieldChanges,
    Products,
    Projects,
    Releases,
    StatusChanges,
    WorkItems,
)
from pmanalytics.schemas.products import (
    NEEDS,
    ROLLUP_STATES,
    GoalAttainments,
    GoalRates,
    ProductRollups,
    ProductStages,
    ProjectSpans,
    ReleaseCadence,
    ReleaseDates,
    RequirementCoverage,
    Requirements,
    Retirements,
    StageMix,
    StageMoves,
    TimesToMarket,
    TimeToMarketSummary,
)
from pmanalytics.schemas.reference_class import (
    Backtests,
    PlanRatios,
    ProjectForecasts,
    PublishedUplifts,
    ReferenceClasses,
)
from pmanalytics.schemas.registers import (
    DefectRemoval,
    ExposureOverTime,
    OpenDefects,
    ReopenRates,
    RiskExposure,
    RiskHygiene,
    TeamLoad,
)
from pmanalytics.schemas.stages import (
    DurationComparisons,
    HistoryProblems,
    ItemStages,
    Rework,
    StageDurations,
    StageOutcomes,
    StagePassages,
    StageSurvival,
    StageVisits,
    StatusMapping,
)
from pmanalytics.schemas.variances import (
    BaselineDrifts,
    CostTotals,
    EstimateQuality,
    OpenCommitments,
    RealCosts,
    Replanning,
    VarianceChanges,
    VarianceDistributions,
    VarianceTrends,
)

INPUT_TABLES = [
    Products, Projects, WorkItems, StatusChanges, FieldChanges,
    *FURTHER_TABLES.values(),
]  # fmt: skip
RESULT_TABLES = [
    StatusMapping, HistoryProblems, StagePassages, Rework, StageVisits, ItemStages,
    StageDurations, StageSurvival,
    StageOutcomes, DurationComparisons, FlowItems, FlowByDay, Throughput, CumulativeFlow,
    ServiceLevels, Ageing, FlowEfficiencies, LittlesLaw, CompletionForecasts, CountForecasts,
    ThroughputBacktests, ProjectOutcomes, Rates, RateSplits, RateTrends,
    RateDifferences, RateChanges, VarianceDistributions, VarianceTrends, VarianceChanges,
    BaselineDrifts, Replanning,
    EstimateQuality, CostTotals, OpenCommitments, RealCosts, EarnedValue, TaskIndices, PlanRatios,
    ReferenceClasses, ProjectForecasts, Backtests, PublishedUplifts, Attention, Changes,
    Staleness, StalenessSummary, RiskExposure, ExposureOverTime, RiskHygiene, TeamLoad,
    DefectRemoval, ReopenRates, OpenDefects,
    ProductStages, StageMix, StageMoves, TimesToMarket, TimeToMarketSummary, ProductRollups,
    ProjectSpans, GoalAttainments, GoalRates, Requirements, RequirementCoverage, ReleaseDates,
    ReleaseCadence, Retirements, Files, Problems, Columns, Completeness, Participation,
    ReasonCounts, WorstCase,
]  # fmt: skip


@cache
def money_columns() -> frozenset[str]:
    """Return the columns that hold money, of whatever table users provide."""
    columns = [c for schema in INPUT_TABLES for c in schema.to_schema().columns.values()]
    return frozenset(c.name for c in columns if (c.metadata or {}).get("is_money"))
