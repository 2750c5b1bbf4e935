"""What people call the columns of ours: the words by which a header is guessed, best guess first.

A guess is never used silently: `propose_config` writes it down for the user to confirm.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pmanalytics.loaders.intake import plain_name

PROJECTS = {
    "project_id": [
        "project_id", "project_number", "project_no", "project_nr", "project_code", "project_key",
        "project_ref", "proj_id", "proj_no", "proj_nr", "proj_code", "prj_id", "prj_no", "pid",
        "investment_id", "initiative_id", "id", "nr", "no", "number", "code", "key", "projekt_id",
        "projektnummer", "projekt_nr", "projektnr", "numéro", "n_projet", "n_de_projet",
        "numéro_projet", "code_projet", "id_projet", "código", "id_proyecto", "id_projeto",
        "project", "projekt", "projet", "proyecto", "projeto",
    ],
    "name": [
        "name", "project_name", "project_title", "investment_name", "initiative_name",
        "initiative", "title", "project", "titel", "projekt", "projektname", "projekttitel",
        "bezeichnung", "projektbezeichnung", "nom", "nom_du_projet", "nom_projet", "projet",
        "intitulé", "nombre", "nombre_del_proyecto", "proyecto", "nome", "nome_do_projeto",
        "projeto",
    ],
    "product_id": ["product_id", "product", "produkt", "produit"],
    "project_manager": [
        "project_manager", "manager", "owner", "lead", "pm", "project_lead", "project_owner",
        "projektleiter", "projektleitung", "pl", "chef_de_projet", "responsable", "responsável",
        "jefe_de_proyecto", "gerente",
    ],
    "status": [
        "status", "state", "project_status", "projektstatus", "stand", "zustand", "statut",
        "estado", "état", "situação",
    ],
    "stage": [
        "stage", "current_phase", "phase", "current_stage", "project_phase", "project_stage",
        "projektphase", "fase",
    ],
    "project_class": [
        "project_class", "class", "category", "project_type", "type", "kategorie", "projektart",
        "catégorie", "categoría", "categoria",
    ],
    "baseline_start_date": [
        "baseline_start", "planned_start", "planned_start_date", "start_planned", "plan_start",
        "startdatum_plan", "start_plan", "beginn_plan", "plan_beginn", "geplanter_start",
        "geplanter_beginn", "date_de_début_prévue", "début_prévu", "inicio_previsto",
        "início_previsto",
    ],
    "baseline_finish_date": [
        "baseline_finish", "baseline_end", "baseline_end_date", "planned_finish", "planned_end",
        "planned_end_date", "planned_finish_date", "finish_planned", "planned_completion",
        "target_date", "target_finish", "target_end_date", "due_date", "due", "deadline",
        "end_planned", "enddatum_plan", "ende_plan", "plan_ende", "plantermin", "endtermin_plan",
        "geplantes_ende", "endtermin", "liefertermin", "fällig", "fällig_am", "fälligkeitsdatum",
        "termin", "date_de_fin_prévue", "fin_prévue", "échéance", "fecha_fin_prevista",
        "fin_previsto", "fecha_límite", "data_fim_prevista", "fim_previsto", "prazo",
    ],
    "rebaselined_finish_date": [
        "rebaselined_finish", "finish_re_planned", "revised_finish", "revised_finish_date",
        "revised_end_date",
    ],
    "rebaseline_count": ["rebaselines", "re_plans", "number_of_rebaselines"],
    "forecast_finish_date": [
        "forecast_completion", "forecast_finish", "forecast_end", "forecast_end_date",
        "expected_finish", "finish_expected", "estimated_completion", "estimated_finish",
        "expected_completion", "ende_prognose", "prognose_ende", "voraussichtliches_ende",
        "fin_estimée",
    ],
    "actual_start_date": [
        "actual_start", "start_actual", "kick_off", "kickoff", "start", "started", "start_date",
        "startdatum_ist",
        "start_ist", "beginn", "startdatum", "beginn_ist", "date_de_début_réelle",
        "date_de_début", "début", "fecha_de_inicio", "inicio", "data_de_início", "início",
    ],
    "actual_finish_date": [
        "actual_finish", "finish_actual", "finished", "finished_on", "completed", "completed_on",
        "completed_date", "date_completed", "actual_completion", "actual_completion_date",
        "actual_end", "actual_end_date", "closed", "closed_on", "closed_date", "delivered_on",
        "enddatum_ist", "ende_ist", "ist_ende",
        "fertigstellung", "fertig_am", "abgeschlossen_am", "date_de_fin_réelle", "fin_réelle",
        "fecha_fin_real", "fin_real", "data_fim_real", "fim_real",
    ],
    "baseline_budget": [
        "original_budget", "approved_budget", "baseline_cost", "baseline_budget", "planned_cost",
        "total_budget", "budget", "plankosten", "budget_plan", "budget_total", "budget_initial",
        "budget_approuvé", "presupuesto", "orçamento",
    ],
    "rebaselined_budget": ["revised_budget", "budget_re_planned", "current_budget"],
    "forecast_cost": [
        "budget_forecast", "cost_forecast", "forecast", "estimate_at_completion", "eac",
        "cost_expected", "final_forecast_cost", "prognose", "kosten_prognose", "prognose_kosten",
        "kostenprognose", "coût_estimé",
    ],
    "actual_cost": [
        "cost", "spent", "spend", "expenditure", "actuals", "cost_actual", "cost_to_date",
        "spend_to_date", "spent_to_date", "istkosten", "ist_kosten", "kosten_ist", "kosten",
        "coût_réel", "coût",
        "dépensé", "coste_real", "coste", "gasto", "custo_real", "custo",
    ],
    "currency": ["currency", "ccy", "währung", "devise", "moneda", "moeda"],
    "percent_complete": [
        "percent_complete", "complete", "progress", "pct_complete", "fertigstellungsgrad",
        "fortschritt", "avancement", "avance", "progresso",
    ],
    "is_required": [
        "is_required", "required", "mandatory", "erforderlich", "obligatoire", "obligatorio",
        "obrigatório",
    ],
    "updated_date": [
        "updated", "last_update", "last_updated", "modified", "last_modified", "aktualisiert",
        "letzte_änderung", "mis_à_jour",
    ],
}  # fmt: skip
# An end that is planned or actual: which one only the cells can tell.
ENDS = [
    "finish", "end", "finish_date", "end_date", "completion_date", "completion", "ende", "enddatum",
    "projektende", "fin", "date_de_fin", "fecha_de_fin", "fecha_fin", "fim", "data_de_fim",
]  # fmt: skip
SNAPSHOT_DATES = [
    "snapshot_date", "date_reported_as_of", "as_of", "as_of_date", "report_date", "reporting_date",
    "data_date", "snapshot", "reported", "stichtag", "berichtsdatum", "date_du_rapport",
]  # fmt: skip
PRODUCTS = {
    "product_id": [
        "product_code", "product_key", "produkt_nr", "produktnummer", "id", "key", "code", "nr",
        "product", "produkt", "produit", "producto", "produto",
    ],
    "name": [
        "name", "product_name", "product", "title", "produktname", "produkt", "bezeichnung", "nom",
        "nombre", "nome",
    ],
    "product_manager": ["manager", "owner", "produktmanager"],
    "stage": ["lifecycle_stage", "phase", "fase"],
    "vision": [],
    "planned_retirement_date": [
        "planned_end_of_life", "end_of_life", "end_of_life_date", "eol", "eol_date", "end_planned",
        "planned_end", "retirement_date", "sunset_date", "ende_geplant", "fin_de_vie",
    ],
    "updated_date": ["updated", "last_update", "last_updated"],
}  # fmt: skip
HISTORY = {
    "item_id": [
        "item_id", "ticket", "issue_key", "issue", "key", "ticket_id", "issue_id", "project_id",
        "product_id", "work_item_id", "work_item", "task_id", "card_id", "case_id", "case",
        "case_concept_name", "id", "project", "product", "item", "task", "card", "vorgang",
        "vorgangsnummer", "schlüssel", "clave", "clé", "chave", "projekt", "produkt", "projet",
        "proyecto", "projeto",
    ],
    "changed_at": [
        "changed_at", "date_updated", "changed", "changed_on", "change_date", "transition_date",
        "status_change_date", "changed_date", "history_created", "transitioned_at", "moved_at",
        "since", "updated", "timestamp", "time_timestamp",
        "datetime", "date", "entered", "entered_at", "geändert_am", "seit", "datum", "zeitpunkt",
        "date_de_changement", "fecha", "data",
    ],
    "to_status": [
        "to_status", "status_change_to", "tostring", "to_string", "status", "new_status", "state",
        "new_state", "stage", "new_stage", "to",
        "to_state", "to_stage", "phase", "activity", "concept_name", "column", "list", "gate",
        "zustand", "statut", "estado", "neuer_status", "nouveau_statut", "nuevo_estado",
        "novo_status", "étape", "etapa", "fase", "nach", "vers", "para", "a",
    ],
    "from_status": [
        "from_status", "status_change_from", "fromstring", "from_string", "old_status",
        "previous_status", "from", "from_state", "from_stage",
        "old_state", "previous_state", "alter_status", "ancien_statut", "estado_anterior",
        "status_anterior", "von", "de", "desde",
    ],
    "created_at": ["created_at", "date_created", "created", "created_on", "created_date"],
    "item_type": ["item_type", "issue_type", "type"],
}  # fmt: skip
OF_PROJECT = [
    "project", "project_no", "project_nr", "project_number", "project_code", "project_key",
    "project_ref", "proj_id", "proj_no", "proj_nr", "proj_code", "projekt", "projekt_nr",
    "projekt_id", "projektnummer", "projet", "proyecto", "projeto",
]  # fmt: skip
# Words in a header or a file's name that tell what its rows are.
LEVEL_WORDS = {
    "work_item": {
        "task", "ticket", "issue", "issues", "story", "points", "bug", "item", "sprint", "epic",
        "activated", "assignee", "assignees", "assigned", "labels", "card", "backlog", "todo",
        "doing", "review", "test", "duration", "predecessors", "wbs", "vorgang",
    },
    "project": {
        "project", "projects", "projekt", "projekte", "projektliste", "projektname", "projet",
        "projets", "proyecto", "projeto", "programme", "program", "portfolio", "capital",
        "investment", "initiative",
    },
    "product": {
        "product", "products", "produkt", "produit", "release", "eol", "version", "series", "app",
        "service",
    },
}  # fmt: skip


def guessed_columns(header: Sequence[str], synonyms: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return column of ours → header for every column that a header stands for; each only once."""
    named = [name for name in reversed(header) if name]
    plain = {_plain(unit_of(name).header): name for name in named}
    plain |= {_plain(name): name for name in named}
    guessed: dict[str, str] = {}
    for column, words in synonyms.items():
        found = [plain[word] for word in map(_plain, [column, *words]) if word in plain]
        free = [name for name in found if name not in guessed.values()]
        if free:
            guessed[column] = free[0]
    return guessed


def project_columns(header: Sequence[str]) -> dict[str, str]:
    """Return the guessed columns of projects; 'Project' alone is both identifier and name."""
    guessed = guessed_columns(header, PROJECTS)
    identity = guessed.get("project_id", "")
    if "name" not in guessed and _plain(identity) in map(_plain, OF_PROJECT):
        guessed["name"] = identity
    return guessed


def guessed_level(texts: Sequence[str]) -> str | None:
    """Return what the rows are by the words of headers and file name; None where none tells."""
    words = words_of(texts)
    counts = {level: len(words & known) for level, known in LEVEL_WORDS.items()}
    best = max(counts, key=lambda level: counts[level])
    return best if counts[best] else None


class Unit(NamedTuple):
    """A header without the unit at its end, and what that says."""

    header: str
    scale: str | None = None
    currency: str | None = None


UNIT = re.compile(
    r"(?P<mark>[\s(\[_/,-]+)(?:in\s+)?(?P<scale>k|t|tsd\.?|m|mio\.?|mn|thousands?|millions?)?\s?"
    r"(?:(?P<sign>€|\$|£|euros?|eur|usd|gbp|chf)|h|hrs|hours|std\.?|stunden|%)?\s*[)\]]?$",
    re.IGNORECASE,
)
CURRENCIES = {"€": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "£": "GBP"}


def unit_of(header: str) -> Unit:
    """Return what the end of a header says of its unit.

    >>> unit_of("Budget (k€)")
    Unit(header='Budget', scale='k', currency='EUR')
    """
    found = UNIT.search(header)
    if not found or not found[0].strip() or not (found["sign"] or set("([") & set(found["mark"])):
        return Unit(header)
    sign = (found["sign"] or "").casefold()
    return Unit(header[: found.start()], found["scale"], CURRENCIES.get(sign, sign.upper()) or None)


def words_of(texts: Sequence[str]) -> set[str]:
    """Return the plain words of headers and names of files."""
    return {word for text in texts for word in plain_name(_spaced(text)).split("_")}


def _plain(header: str) -> str:
    """Return a header as words without accents: 'plannedEndDate' and 'Planned End Date' alike."""
    letters = unicodedata.normalize("NFKD", plain_name(_spaced(header)))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _spaced(header: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", header)
