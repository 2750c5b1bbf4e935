"""Jira's headers in the languages people export in: which column of theirs is which of ours.

Jira writes headers and standard words in the language of the user who exports, some of them in
English all the same, and spells them differently on Server and Cloud. A name here is as
`navigator_name` makes it of a header. Names without a remark were seen in exports; those after
`unverified:` are how Jira's translation says them elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from pmanalytics.loaders.intake import plain_name

# The first name of each is Jira Cloud's in English; of several in one file the first one counts.
HEADERS = {
    "item_id": [
        "issue_id", "vorgangs_id", "id_de_ticket", "id_da_item", "id_de_la_incidencia",
        "id_do_item", "work_item_id",  # unverified: pt, en
    ],
    "key": [
        "issue_key", "vorgangsschlüssel", "clé_de_ticket", "chave_da_item", "chave_do_item",
        "clave_de_incidencia", "key",
        "work_item_key", "schlüssel", "clé", "chave", "clave",  # unverified: en, de, fr, pt, es
    ],
    "project_key": [
        "project_key", "projektschlüssel", "clé_de_projet", "chave_do_projeto",
        "clave_del_proyecto",
        "space_key",  # unverified: en
    ],
    "summary": ["summary", "zusammenfassung", "résumé", "resumo", "resumen"],
    "item_type": [
        "issue_type", "vorgangstyp", "type_de_ticket", "tipo_de_item", "tipo_do_item",
        "tipo_de_incidencia",
        "work_type", "tipo_de_ocorrência",  # unverified: en, pt
    ],
    "status": [
        "status", "état", "estado",  # en, de and pt-br; fr; es and pt
        "statut",  # unverified: fr
    ],
    "status_category": [
        "status_category", "statuskategorie", "catégorie_d_état", "categoria_do_status",
        "categoría_de_estado",
        "categoria_do_estado", "catégorie_de_statut",  # unverified: pt, fr
    ],
    "priority": ["priority", "priorität", "priorité", "prioridade", "prioridad"],
    "resolution": ["resolution", "lösung", "résolution", "resolução", "resolución"],
    "created_at": [
        "created", "erstellt", "création", "criado", "creada",
        "créé", "créée", "criada", "criado_a", "creado",  # unverified: fr, pt, es
    ],
    "updated_at": [
        "updated", "aktualisiert", "mise_à_jour", "atualizado_a", "actualizada",
        "atualizado", "actualizado", "mis_à_jour",  # unverified: pt, es, fr
    ],
    "resolved_at": [
        "resolved", "erledigt", "résolu", "resolvido", "resuelta",
        "gelöst", "résolue", "resolvido_a", "resuelto",  # unverified: de, fr, pt, es
    ],
    "status_category_changed_at": [
        "status_category_changed", "catégorie_d_état_modifiée", "categoria_do_status_alterada",
        "categoría_de_estado_cambiada",
        "statuskategorie_geändert", "categoria_do_estado_alterada",  # unverified: de, pt
    ],
    "due_date": [
        "due_date", "fälligkeitsdatum", "date_d_échéance", "data_limite", "fecha_de_vencimiento",
        "due", "fällig", "échéance", "data_de_vencimento",  # unverified: en, de, fr, pt
    ],
    "parent_key": [
        "parent_key", "clave_principal", "chave_pai",
        "übergeordneter_schlüssel", "clé_parent", "clé_du_parent",  # unverified: de, fr
        "parent", "übergeordnet", "principal",
        "pai", "padre", "parente",  # unverified: pt, es, fr
        "parent_id", "custom_field_parent_link",
        "custom_field_epic_link", "custom_field_vínculo_de_las_épicas",
        "custom_field_epic_verknüpfung", "custom_field_lien_d_epic",  # unverified: de, fr
        "custom_field_lien_d_épopée", "custom_field_link_do_épico",  # unverified: fr, pt
        "custom_field_link_épico", "custom_field_enlace_de_épica",  # unverified: pt, es
    ],
    "original_estimate_hours": [
        "original_estimate", "ursprüngliche_schätzung", "estimation_originale",
        "estimativa_original", "estimación_original",
    ],
    "time_spent_hours": [
        "time_spent", "benötigte_zeit", "temps_consacré", "tempo_gasto", "tiempo_trabajado",
        "tiempo_empleado",  # unverified: es
    ],
    "story_points": [
        "custom_field_story_points", "custom_field_story_point_estimate",
        "custom_field_puntos_de_historia", "custom_field_estimación_de_puntos_de_historia",
        "custom_field_storypoints", "custom_field_story_point_schätzung",  # unverified: de
        "custom_field_estimation_en_story_points",  # unverified: fr
        "custom_field_estimativa_de_story_points",  # unverified: pt
        "custom_field_pontos_de_história",  # unverified: pt
        "story_points", "story_point_estimate",
    ],
    "team": ["team_name"],
    "labels": [
        "labels", "etiquetas", "categorias",  # en; es; pt-br
        "stichwörter", "étiquettes", "rótulos",  # unverified: de, fr, pt
    ],
    "components": [
        "components", "component_s", "componentes",
        "komponenten", "komponente_n", "composants", "composant_s", "componente_s",  # unverified
    ],
    "fix_versions": [
        "fix_versions", "fix_version_s", "versiones_corregidas", "versões_corrigidas",
        "lösungsversionen", "lösungsversion_en", "corrigé_dans_les_versions",  # unverified: de, fr
        "versions_corrigées", "version_s_corrigée_s",  # unverified: fr
    ],
    "affects_versions": [
        "affects_versions", "affects_version_s",
        "betroffene_versionen", "betrifft_version_en", "affecte_les_versions",  # unverified: de, fr
        "versions_affectées", "afeta_as_versões", "versões_afetadas",  # unverified: fr, pt
        "afecta_a_las_versiones", "versiones_afectadas",  # unverified: es
    ],
    "sprints": ["sprint", "custom_field_sprint"],
}  # fmt: skip

# Names of the same in tables that scripts make of the REST API. A list that is not Jira's may have
# some of them, too.
SCRIPTED = {
    "item_id": ["id", "issueid"],
    "key": ["issuekey", "jira_key", "ticket_key"],
    "project_key": ["projectkey", "project_code"],
    "item_type": ["issuetype", "type", "issuetype_name", "issue_type_name"],
    "status": ["status_name", "current_status"],
    "status_category": ["statuscategory", "status_statuscategory_key"],
    "priority": ["priority_name"],
    "resolution": ["resolution_name"],
    "created_at": [
        "created_at", "created_date", "creation_date", "date_created", "created_on", "created_ts",
        "create_date",
    ],
    "updated_at": [
        "updated_at", "updated_date", "date_updated", "updated_on", "updated_ts", "update_date",
    ],
    "resolved_at": [
        "resolutiondate", "resolution_date", "resolved_date", "date_resolved", "resolved_at",
        "resolved_on", "resolved_ts",
    ],
    "status_category_changed_at": ["statuscategorychangedate"],
    "due_date": ["duedate"],
    "parent_key": ["epic_link", "epic_key"],
    "original_estimate_hours": ["timeoriginalestimate"],
    "time_spent_hours": ["timespent"],
    "fix_versions": ["fixversions", "fixversion", "fix_version"],
    "affects_versions": ["affected_versions", "affectedversions", "affects_version"],
    "sprints": ["sprints", "sprint_name"],
}  # fmt: skip

# What stands before the parentheses of "Custom field (Size)".
CUSTOM_FIELDS = {
    "custom_field", "benutzerdefinierte_felder", "benutzerdefiniertes_feld",
    "champs_personnalisés", "campo_personalizado",
    "champ_personnalisé", "campos_personalizados",  # unverified
}  # fmt: skip
OUTWARD_LINKS = {
    "outward_issue_link", "lien_de_ticket_sortant", "enlace_de_incidencia_saliente",
    "outward_work_item_link",  # unverified, as are the following
    "ausgehende_vorgangsverknüpfung", "verknüpfung_zu_ausgehendem_vorgang",
    "lien_du_ticket_sortant", "link_de_item_de_saída", "link_da_item_externo",
    "link_do_item_externo",
}  # fmt: skip
INWARD_LINKS = {
    "inward_issue_link", "lien_du_ticket_entrant", "enlace_a_la_incidencia_interna",
    "inward_work_item_link",  # unverified, as are the following
    "eingehende_vorgangsverknüpfung", "verknüpfung_zu_eingehendem_vorgang",
    "lien_de_ticket_entrant", "link_de_item_de_entrada", "link_da_item_interno",
    "link_do_item_interno",
}  # fmt: skip

NEEDED = {"key": "Issue key", "status": "Status", "created_at": "Created"}
JIRAS_OWN = {"item_id", "summary", "item_type", "status", "priority", "resolution"}
LISTS = ["labels", "components", "fix_versions", "affects_versions", "sprints"]
# Further fields that Jira writes as one column per value: en, de, fr, pt, es.
MULTI_VALUED = {name for ours in LISTS for name in [*HEADERS[ours], *SCRIPTED.get(ours, [])]} | {
    "comment", "kommentar", "commentaire", "comentário", "comentario",
    "attachment", "anhang", "pièce_jointe", "anexo", "adjunto",
    "watchers", "beobachter", "observateurs", "seguidores", "interesados",
    "watchers_id", "id_der_beobachter", "id_des_observateurs", "id_dos_seguidores",
    "id_de_los_interesados",
    "log_work", "arbeit_protokollieren", "journal_de_travail", "registro_de_trabalho",
    "registro_de_trabajo",  # unverified: the work logs
}  # fmt: skip


def plain_word(word: str) -> str:
    """Return a word of Jira's as it is compared: French exports write À faire and A faire."""
    letters = unicodedata.normalize("NFD", word.strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


# Jira's keys of the three categories; the words of en, de, fr, pt, es.
STATUS_CATEGORIES = {
    word: key
    for key, words in {
        "new": "To Do, Zu erledigen, Aufgaben, À faire, Itens pendentes, Tarefas pendentes, "
        "A fazer, Por hacer, Tareas por hacer",
        "indeterminate": "In Progress, In Arbeit, In Bearbeitung, En cours, Em andamento, "
        "Em progresso, En curso",
        "done": "Done, Fertig, Erledigt, Terminé, Terminé(e), Terminée, Itens concluídos, "
        "Concluído, Finalizado, Finalizada, Listo",
    }.items()
    for word in [key, *map(plain_word, words.split(","))]
}


def navigator_name(header: str) -> str:
    """Return the name by which a header is known, a custom field's in English.

    >>> navigator_name("Due  Date:"), navigator_name("Champs personnalisés (Story Points)")
    ('due_date', 'custom_field_story_points')
    """
    field = custom_field(header)
    header = header.removeprefix("fields.")
    return plain_name(header) if field is None else f"custom_field_{plain_name(field) or field}"


def custom_field(header: str) -> str | None:
    """Return the name of the custom field that a header names."""
    return _within(header, CUSTOM_FIELDS)


def outward_link(header: str) -> str | None:
    """Return the kind of the outward links that a header names."""
    return _within(header, OUTWARD_LINKS)


def is_multi_valued(header: str) -> bool:
    """Tell whether Jira writes one column per value of this field."""
    is_link = _within(header, OUTWARD_LINKS | INWARD_LINKS) is not None
    return is_link or navigator_name(header) in MULTI_VALUED


def standing_for(ours: str) -> list[str]:
    """Return the names of headers that stand for a column of ours, the surest first."""
    return [*HEADERS[ours], *SCRIPTED.get(ours, [])]


def is_navigator_header(header: Sequence[str]) -> bool:
    """Tell whether these are the headers of an issue-navigator export, in any language."""
    has = _told_by(header, HEADERS.__getitem__)
    # A history of changes may have the first three, too, several rows of each key.
    return has >= set(NEEDED) and bool(has & {"summary", "item_id", "item_type"})


def is_scripted_header(header: Sequence[str]) -> bool:
    """Tell whether these may be the headers of issues, as scripts write them."""
    names = [navigator_name(name) for name in header]
    is_of_issues = any(name == "summary" or "issue" in name for name in names)
    return is_of_issues and _told_by(header, standing_for) >= set(NEEDED)


def lacking_headers(header: Sequence[str]) -> list[str]:
    """Return what of the columns that issues need is not in an export that is otherwise Jira's."""
    has = _told_by(header, standing_for)
    is_jira = "key" in has and len(has & JIRAS_OWN) > 1
    return [name for ours, name in NEEDED.items() if ours not in has] if is_jira else []


def _told_by(header: Sequence[str], names_of: Callable[[str], list[str]]) -> set[str]:
    names = {navigator_name(name) for name in header}
    return {ours for ours in HEADERS if names.intersection(names_of(ours))}


def _within(header: str, prefixes: set[str]) -> str | None:
    found = re.fullmatch(r"\s*([^(]+)\((.*)\)\s*:?\s*", header, re.DOTALL)
    return found[2].strip() if found and plain_name(found[1]) in prefixes else None
