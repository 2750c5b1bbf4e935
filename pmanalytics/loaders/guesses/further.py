"""What people call the columns of the tables that only some measures need, best guess first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pmanalytics.loaders.guesses.synonyms import OF_PROJECT, PROJECTS, words_of

# Tables that only some measures need. `DISTINCTIVE` columns tell them: so many must be there.
FURTHER = {
    "status_reports": {
        "project_id": OF_PROJECT,
        "period_end_date": [
            "period_end", "status_date", "data_date", "period", "reporting_period", "report_date",
            "month", "date", "stichtag", "berichtsdatum", "monat", "periode", "datum",
        ],
        "planned_value": ["pv", "bcws", "plan_value", "planwert", "geplanter_wert",
                          "valeur_planifiée", "valor_planificado"],
        "earned_value": ["ev", "bcwp", "fertigstellungswert", "arbeitswert", "valeur_acquise",
                         "valor_ganado", "valor_agregado"],
        "actual_cost_to_date": ["ac", "acwp", "actual_cost", "actual_costs", "istkosten",
                                "ist_kosten", "coût_réel", "coste_real", "custo_real"],
        "budget_at_completion": ["bac", "total_budget", "gesamtbudget"],
        "currency": PROJECTS["currency"],
    },
    "tasks": {
        "task_id": ["unique_id", "id", "wbs", "nr", "vorgangsnummer"],
        "project_id": OF_PROJECT,
        "name": ["task_name", "task", "vorgangsname", "vorgang", "nom_de_la_tâche"],
        "baseline_finish_date": ["baseline_finish", "baseline_end", "geplantes_ende",
                                 "fin_planifiée"],
        "actual_finish_date": ["actual_finish", "actual_end", "tatsächliches_ende",
                               "fin_réelle"],
    },
    "forecasts": {
        "project_id": OF_PROJECT,
        "made_date": ["forecast_date", "estimate_date", "made", "made_on", "date_of_forecast",
                      "prognosedatum", "date"],
        "forecast_finish_date": PROJECTS["forecast_finish_date"],
        "forecast_cost": ["eac", "estimate_at_completion", "cost_forecast", "kostenprognose"],
        "currency": PROJECTS["currency"],
    },
    "cost_by_year": {
        "project_id": OF_PROJECT,
        "year": ["fiscal_year", "jahr", "année", "año", "ano"],
        "actual_cost": PROJECTS["actual_cost"],
        "currency": PROJECTS["currency"],
    },
    "price_index": {
        "year": ["jahr", "année", "año", "ano"],
        "price_index": ["index", "cpi", "preisindex", "baupreisindex", "indice", "índice"],
    },
    "exchange_rates": {
        "currency": PROJECTS["currency"],
        "exchange_rate": ["rate", "kurs", "wechselkurs", "fx_rate", "taux", "tipo_de_cambio"],
    },
    "risks": {
        "risk_id": ["risk_no", "risk_number", "risk_ref", "risiko_nr", "risiko_id", "id_risque",
                    "id", "nr", "no", "ref"],
        "project_id": OF_PROJECT,
        "name": ["risk", "risk_name", "risk_title", "risk_description", "risiko", "risque",
                 "riesgo", "risco", "title", "description", "beschreibung"],
        "owner": ["risk_owner", "verantwortlich", "verantwortlicher", "responsable"],
        "status": ["risk_status", "state", "statut", "estado"],
        "probability": ["likelihood", "chance", "eintrittswahrscheinlichkeit",
                        "wahrscheinlichkeit", "probabilité", "probabilidad", "probabilidade"],
        "impact_cost": ["cost_impact", "impact", "financial_impact", "schadenshöhe", "schaden",
                        "auswirkung", "impacto"],
        "impact_days": ["schedule_impact", "delay_days", "schedule_impact_days"],
        "currency": PROJECTS["currency"],
        "opened_date": ["date_raised", "raised", "identified", "date_identified", "opened",
                        "erfasst_am", "erfasst"],
        "closed_date": ["date_closed", "closed", "geschlossen_am"],
        "review_due_date": ["next_review", "review_date", "nächste_prüfung"],
    },
    "allocations": {
        "week_date": ["week", "week_starting", "week_start", "week_ending", "week_of", "woche",
                      "kw", "semaine", "semana"],
        "team": ["department", "abteilung", "équipe", "equipo", "equipe"],
        "person": ["employee", "resource", "resource_name", "name", "mitarbeiter", "ressource"],
        "project_id": OF_PROJECT,
        "planned_hours": ["planned", "allocated_hours", "plan_hours", "planstunden",
                          "stunden_plan"],
        "logged_hours": ["hours", "actual_hours", "worked_hours", "hours_worked", "logged",
                         "stunden", "iststunden", "stunden_ist", "heures", "horas"],
        "capacity_hours": ["capacity", "available_hours", "availability", "kapazität", "capacité"],
    },
    "defects": {
        "defect_id": ["bug_id", "bug", "defect", "defect_no", "fehler_nr", "fehlernummer", "id"],
        "product_id": ["product", "produkt"],
        "project_id": OF_PROJECT,
        "found_in": ["detected_in", "environment", "found_during", "phase_found",
                     "gefunden_in", "umgebung"],
        "severity": ["schwere", "sévérité", "severidad"],
        "found_date": ["date_found", "found", "found_on", "detected", "reported", "opened",
                       "gefunden_am"],
        "fixed_date": ["date_fixed", "fixed", "fixed_on", "behoben_am", "resolved"],
    },
    "product_projects": {
        "project_id": OF_PROJECT,
        "product_id": ["product", "product_code", "produkt", "produit", "producto", "produto"],
        "share": ["share_of_project", "part", "allocation", "anteil", "quote_part", "parte"],
    },
    "goals": {
        "goal_id": ["goal_no", "kpi_id", "okr_id", "objective_id", "ziel_nr", "id"],
        "product_id": ["product", "produkt", "produit", "producto", "produto"],
        "name": ["goal", "kpi", "metric", "objective", "key_result", "ziel", "kennzahl",
                 "objectif", "objetivo"],
        "unit": ["einheit", "unité", "unidad", "unidade"],
        "baseline": ["baseline_value", "start_value", "starting_value", "ausgangswert",
                     "valeur_initiale", "valor_inicial"],
        "target": ["target_value", "zielwert", "valeur_cible", "valor_objetivo"],
        "actual": ["actual_value", "current", "current_value", "istwert", "valeur_actuelle",
                   "valor_actual"],
        "start_date": ["start", "from", "beginn", "début", "inicio"],
        "due_date": ["due", "deadline", "target_date", "termin", "fällig_am", "échéance"],
    },
    "releases": {
        "release_id": ["release", "version", "version_id", "release_no", "id"],
        "product_id": ["product", "produkt", "produit", "producto", "produto"],
        "project_key": ["jira_project"],
        "name": ["version", "release", "release_name", "version_name"],
        "planned_release_date": ["planned_release", "release_planned", "planned_date", "planned",
                                 "geplantes_release", "geplant"],
        "release_date": ["released_on", "actual_release_date", "actual_release", "released_date",
                         "freigabe"],
        "is_released": ["released", "is_out", "freigegeben"],
    },
}  # fmt: skip
DISTINCTIVE = {
    "status_reports": (2, ["planned_value", "earned_value", "actual_cost_to_date"]),
    "tasks": (1, ["baseline_finish_date"]),
    "forecasts": (1, ["forecast_finish_date", "forecast_cost"]),
    "cost_by_year": (1, ["actual_cost"]),
    "price_index": (1, ["price_index"]),
    "exchange_rates": (1, ["exchange_rate"]),
    "risks": (1, ["probability", "impact_cost", "impact_days"]),
    "allocations": (1, ["planned_hours", "logged_hours", "capacity_hours"]),
    "defects": (1, ["found_in"]),
    "product_projects": (1, ["share"]),
    "goals": (2, ["baseline", "target", "actual"]),
    "releases": (1, ["planned_release_date", "is_released"]),
}
# Words one of which must be in a header or the file's name, where the columns alone tell little.
NAMED = {
    "tasks": {"task", "wbs", "duration", "predecessors", "outline", "vorgang", "vorgangsname",
              "dauer", "tâche", "durée"},
    "risks": {"risk", "risks", "risiko", "risiken", "risque", "risques", "riesgo", "riesgos",
              "risco", "riscos"},
    "defects": {"defect", "defects", "bug", "bugs", "fehler"},
    "product_projects": {"product", "products", "produkt", "produkte", "produit", "producto"},
    "goals": {"goal", "goals", "kpi", "kpis", "okr", "okrs", "objective", "objectives", "ziel",
              "ziele", "objectif", "objetivo"},
    "releases": {"release", "releases", "version", "versions"},
}  # fmt: skip


def guessed_table(texts: Sequence[str], columns: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return which of `FURTHER` a table is by the `columns` guessed for each; None if none."""
    words = words_of(texts)
    for name, (n_needed, distinctive) in DISTINCTIVE.items():
        found = columns.get(name, {})
        if len(found.keys() & set(distinctive)) >= n_needed and words & NAMED.get(name, words):
            return name
    return None
