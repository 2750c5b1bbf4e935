"""What people call the columns of ours: the words by which a header is guessed, best guess first.

A guess is never used silently: `propose_config` writes it down for the user to confirm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pmanalytics.loaders.intake import plain_name

PROJECTS = {
    "project_id": [
        "project_id", "project_number", "project_no", "project_code", "project_key", "pid", "id",
        "nr", "number", "code", "key", "projekt_id", "projektnummer", "projekt_nr", "projektnr",
        "numéro", "id_projet", "id_proyecto", "id_projeto",
    ],
    "name": ["name", "project_name", "project_title", "title", "project", "titel", "projekt",
             "projektname", "bezeichnung", "nom", "nombre", "nome"],
    "product_id": ["product_id", "product", "produkt"],
    "project_manager": ["project_manager", "manager", "owner", "lead", "pm", "projektleiter",
                        "chef_de_projet", "responsable", "responsável"],
    "status": ["status", "state", "project_status", "stand", "zustand", "statut", "estado", "état"],
    "stage": ["stage", "current_phase", "phase", "current_stage", "project_phase"],
    "project_class": ["project_class", "class", "category", "project_type", "type"],
    "baseline_start_date": ["baseline_start", "planned_start", "start_planned", "plan_start",
                            "startdatum_plan", "start_plan", "beginn_plan", "plan_beginn"],
    "baseline_finish_date": [
        "baseline_finish", "baseline_end", "planned_finish", "planned_end", "finish_planned",
        "planned_completion", "target_date", "due_date", "due", "deadline", "end_planned",
        "enddatum_plan", "ende_plan", "plan_ende", "plantermin", "endtermin_plan", "liefertermin",
        "fällig", "fälligkeitsdatum", "termin", "échéance", "fecha_límite", "prazo",
    ],
    "rebaselined_finish_date": ["rebaselined_finish", "finish_re_planned", "revised_finish"],
    "forecast_finish_date": [
        "forecast_completion", "forecast_finish", "forecast_end", "expected_finish",
        "finish_expected", "estimated_completion", "expected_completion",
    ],
    "actual_start_date": ["actual_start", "start", "started", "start_date",
                          "startdatum_ist", "start_ist", "beginn", "startdatum"],
    "actual_finish_date": [
        "actual_finish", "finish", "finished", "completed", "completion_date", "finish_date",
        "actual_end", "end_date", "closed", "closed_date", "enddatum_ist", "ende_ist", "ist_ende",
        "fertigstellung", "fertig_am", "abgeschlossen_am", "enddatum",
    ],
    "baseline_budget": [
        "original_budget", "approved_budget", "baseline_cost", "planned_cost", "budget",
        "plankosten", "budget_plan", "presupuesto", "orçamento",
    ],
    "forecast_cost": [
        "budget_forecast", "cost_forecast", "forecast", "estimate_at_completion", "cost_expected",
        "final_forecast_cost",
    ],
    "actual_cost": ["cost", "spent", "spend", "expenditure", "cost_to_date", "spend_to_date",
                    "istkosten", "kosten_ist", "kosten", "coût", "coste", "custo"],
    "currency": ["currency", "ccy", "währung", "devise", "moneda", "moeda"],
    "percent_complete": ["percent_complete", "complete", "progress", "pct_complete"],
    "updated_date": ["updated", "last_update", "last_updated", "modified"],
}  # fmt: skip
SNAPSHOT_DATES = [
    "snapshot_date", "date_reported_as_of", "as_of", "as_of_date", "report_date", "reporting_date",
    "data_date", "snapshot", "reported",
]  # fmt: skip
PRODUCTS = {
    "product_id": [
        "product_id",
        "product_code",
        "product_key",
        "produkt_nr",
        "produktnummer",
        "id",
        "key",
        "code",
        "nr",
    ],
    "name": ["name", "product_name", "product", "title", "produktname", "produkt"],
    "product_manager": ["product_manager", "manager", "owner", "produktmanager"],
    "stage": ["stage", "lifecycle_stage", "phase"],
    "updated_date": ["updated", "last_update", "last_updated"],
}
HISTORY = {
    "item_id": [
        "item_id", "ticket", "issue_key", "issue", "key", "ticket_id", "issue_id", "project_id",
        "product_id", "work_item_id", "id", "project", "product", "item",
    ],
    "changed_at": [
        "changed_at", "date_updated", "changed", "changed_on", "change_date", "transition_date",
        "since", "updated", "timestamp", "date", "entered",
    ],
    "to_status": ["to_status", "status", "new_status", "state", "stage", "to", "to_state", "phase"],
    "from_status": ["from_status", "old_status", "previous_status", "from", "from_state"],
    "created_at": ["created_at", "date_created", "created", "created_on"],
    "item_type": ["item_type", "issue_type", "type"],
}  # fmt: skip
# Words in a header or a file's name that tell what its rows are.
LEVEL_WORDS = {
    "work_item": {
        "task", "ticket", "issue", "story", "points", "bug", "item", "sprint", "epic", "activated",
    },
    "project": {"project", "projects", "projekt", "programme", "program", "capital"},
    "product": {"product", "products", "release", "eol", "version", "series", "app", "service"},
}  # fmt: skip

# Words in a status that tell what happens to the work; the first kind that fits counts.
STATUS_KINDS = {
    "cancelled": [
        "cancel", "won't", "wont", "reject", "declin", "abandon", "withdrawn", "obsolete",
        "duplicate", "stopped", "terminated", "invalid", "abgebrochen", "storniert", "abgelehnt",
        "verworfen", "duplikat", "annul", "rejet", "refus", "doublon", "rechazad", "duplicad",
        "descartad", "rejeitad",
    ],
    "on_hold": [
        "hold", "paused", "suspend", "blocked", "pausiert", "ruht", "blockiert", "angehalten",
        "en pause", "bloqu", "pausad", "parad",
    ],
    "waiting": [
        "wait", "waiting", "pending", "awaiting", "wartet", "warten", "ausstehend", "en attente",
        "attente", "en espera", "pendiente", "aguardando", "pendente",
    ],
    "done": [
        "done", "closed", "complete", "finish", "resolved", "delivered", "released", "deployed",
        "published", "fertig", "erledigt", "abgeschlossen", "geschlossen", "gelöst",
        "veröffentlicht", "terminé", "fermé", "résolu", "livré", "clôtur", "concluíd", "finaliz",
        "cerrad", "listo", "hecho", "resuelt", "entregad", "feito", "fechad", "resolvid",
        "已完成", "关闭",
    ],
    "review": [
        "review", "test", "testing", "tested", "qa", "verif", "validat", "uat", "acceptance",
        "close-out", "closeout", "closing", "handover", "commissioning", "prüfung", "abnahme",
        "übergabe", "revue", "recette", "revisión", "revisão", "prueba", "teste", "aceptación",
        "aceitação",
    ],
    "ready": [
        "analys", "analyz", "design", "ready", "refine", "refining", "specif", "planning",
        "planned", "scoping", "scope", "procur", "tender", "feasib", "definition", "selected",
        "analyse", "entwurf", "konzept", "bereit", "planung", "geplant", "ausschreibung",
        "conception", "prêt", "planifi", "análisis", "diseño", "planeja", "análise", "pronto",
    ],
    "doing": [
        "progress", "develop", "doing", "implement", "coding", "working", "active", "started",
        "ongoing", "executi", "construct", "build", "writing", "write", "in arbeit", "umsetzung",
        "entwicklung", "in bearbeitung", "läuft", "ausführung", "en cours", "développement",
        "réalisation", "en curso", "en progreso", "desarrollo", "ejecución", "em andamento",
        "desenvolvimento", "execução", "进行中",
    ],
    "new": [
        "open", "to do", "todo", "backlog", "new", "inbox", "proposed", "assigned", "reopen",
        "idea", "initiat", "initiali", "offen", "neu", "vorgeschlagen", "zugewiesen", "idee",
        "ouvert", "à faire", "nouveau", "a fazer", "novo", "aberto", "por hacer", "nuevo",
        "abierto", "新建", "待办",
    ],
}  # fmt: skip
PRODUCT_KINDS = {
    "cancelled": STATUS_KINDS["cancelled"],
    "retired": ["retired", "discontinu", "eol", "end of life", "archiv", "killed", "eingestellt"],
    "retiring": [
        "retire", "retiring", "deprecat", "sunset", "phase out", "end of sale", "maintenance",
        "auslauf", "declining",
    ],
    "introduction": ["introduc", "beta", "launch", "pilot", "preview", "rollout", "einführung"],
    "market": [
        "market", "live", "ga", "general availab", "maintained", "supported", "active", "growth",
        "matur", "released", "markt",
    ],
    "new": ["concei", "concept", "idea", "discovery", "konzept", "idee", *STATUS_KINDS["new"]],
    "doing": ["dev", "alpha", *STATUS_KINDS["doing"], *STATUS_KINDS["ready"]],
}  # fmt: skip
# The stages of each level in order, and the kind of status that each holds; the work is done in
# the stage of "doing".
KIND_STAGES = {
    "product": {
        "new": "Conceiving", "doing": "Development", "introduction": "Introduction",
        "market": "Market", "retiring": "Retirement", "retired": "Retired",
        "cancelled": "Cancelled",
    },
    "project": {
        "new": "Initiation", "ready": "Planning", "doing": "Execution", "review": "Closure",
        "waiting": "On hold", "done": "Closed", "cancelled": "Cancelled",
    },
    "work_item": {
        "new": "To do", "ready": "Analysis", "doing": "In progress", "review": "Review",
        "waiting": "Waiting", "done": "Done", "cancelled": "Cancelled",
    },
}  # fmt: skip


def project_status(text: str) -> str | None:
    """Return which of open, on_hold, done and cancelled a status means, by its words."""
    kind = guessed_word(text, STATUS_KINDS)
    return kind if kind in (None, "cancelled", "on_hold", "done") else "open"


def status_kind(text: str, level: str) -> str | None:
    """Return what happens to an item in a status, by its words: a kind of `KIND_STAGES`."""
    kind = guessed_word(text, PRODUCT_KINDS if level == "product" else STATUS_KINDS)
    return "waiting" if kind == "on_hold" else kind


NEGATED = re.compile(r"\b(?:not|nicht|noch nicht|to be|pas|non|não|no)\s+\w+")


def guessed_word(text: str, words: Mapping[str, Sequence[str]]) -> str | None:
    """Return the first meaning of which a word begins in the text; short words must be whole."""
    plain = NEGATED.sub("", text.casefold())

    def occurs(word: str) -> bool:
        end = r"(?!\w)" if len(word) < 5 and word.isascii() else ""
        return bool(re.search(rf"(?<!\w){re.escape(word)}{end}", plain))

    return next((meaning for meaning, those in words.items() if any(map(occurs, those))), None)


def guessed_columns(header: Sequence[str], synonyms: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return column of ours → header for every column that a header stands for; each only once."""
    plain = {plain_name(name): name for name in reversed(header) if name}
    guessed: dict[str, str] = {}
    for column, words in synonyms.items():
        found = next((word for word in [column, *words] if word in plain), None)
        if found and plain[found] not in guessed.values():
            guessed[column] = plain[found]
    return guessed


def guessed_level(texts: Sequence[str]) -> str | None:
    """Return what the rows are by the words of headers and file name; None where none tells."""
    words = {word for text in texts for word in plain_name(text).split("_")}
    counts = {level: len(words & known) for level, known in LEVEL_WORDS.items()}
    best = max(counts, key=lambda level: counts[level])
    return best if counts[best] else None
