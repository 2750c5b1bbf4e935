"""Jira's headers in the languages people export in: which column of theirs is which of ours.

Jira writes headers and standard words in the language of the user who exports, some of them in
English all the same, and spells them differently on Server and Cloud. A name here is as
`navigator_name` makes it of a header. Names without a remark were seen in exports; those after
`unverified:` are how Jira's translation says them elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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

LISTS = ["labels", "components", "fix_versions", "affects_versions", "sprints"]
# Further fields that Jira writes as one column per value: en, de, fr, pt, es.
MULTI_VALUED = {name for ours in LISTS for name in HEADERS[ours]} | {
    "comment", "kommentar", "commentaire", "comentário", "comentario",
    "attachment", "anhang", "pièce_jointe", "anexo", "adjunto",
    "watchers", "beobachter", "observateurs", "seguidores", "interesados",
    "watchers_id", "id_der_beobachter", "id_des_observateurs", "id_dos_seguidores",
    "id_de_los_interesados",
    "log_work", "arbeit_protokollieren", "journal_de_travail", "registro_de_trabalho",
    "registro_de_trabajo",  # unverified: the work logs
}  # fmt: skip

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
    for word in [key, *(word.strip().casefold() for word in words.split(","))]
}


def navigator_name(header: str) -> str:
    """Return the name by which a header is known, a custom field's in English.

    >>> navigator_name("Due  Date:"), navigator_name("Champs personnalisés (Story Points)")
    ('due_date', 'custom_field_story_points')
    """
    field = custom_field(header)
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


def is_navigator_header(header: Sequence[str]) -> bool:
    """Tell whether these are the headers of an issue-navigator export, in any language."""
    names = {navigator_name(name) for name in header}
    has = {ours for ours, aliases in HEADERS.items() if names.intersection(aliases)}
    # A history of changes may have the first three, too, several rows of each key.
    return has >= {"key", "status", "created_at"} and bool(
        has & {"summary", "item_id", "item_type"}
    )


def _within(header: str, prefixes: set[str]) -> str | None:
    found = re.fullmatch(r"\s*([^(]+)\((.*)\)\s*:?\s*", header, re.DOTALL)
    return found[2].strip() if found and plain_name(found[1]) in prefixes else None
