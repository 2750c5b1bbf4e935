import csv

import pytest

from pmanalytics.loaders.jira.columns import find_columns
from pmanalytics.loaders.jira.headers import (
    HEADERS,
    STATUS_CATEGORIES,
    custom_field,
    is_multi_valued,
    is_navigator_header,
    navigator_name,
    outward_link,
    plain_word,
)

ENGLISH = (
    "Summary,Issue key,Issue id,Issue Type,Status,Project key,Project name,Project type,"
    "Project lead,Project lead id,Project description,Priority,Resolution,Assignee,Assignee Id,"
    "Reporter,Reporter Id,Creator,Creator Id,Created,Updated,Last Viewed,Resolved,Due date,Votes,"
    "Labels,Labels,Description,Environment,Watchers,Watchers,Watchers Id,Watchers Id,"
    "Original estimate,Remaining Estimate,Time Spent,Work Ratio,Σ Original Estimate,"
    "Σ Remaining Estimate,Σ Time Spent,Security Level,Inward issue link (Blocks),"
    "Outward issue link (Blocks),Attachment,Custom field (Rank),Sprint,Sprint,"
    "Custom field (Start date),Custom field (Story Points),Custom field (Story point estimate),"
    "Team Id,Team Name,Custom field (Vulnerability),"
    "Custom field ([CHART] Date of First Response),Custom field ([CHART] Time in Status),"
    "Comment,Comment,Parent,Parent key,Parent summary,Status Category,Status Category Changed"
)
FRENCH = (
    "Résumé,Clé de ticket,ID de ticket,Type de ticket,État,Clé de projet,Nom du projet,Priorité,"
    "Résolution,Personne assignée,ID de la personne assignée,Rapporteur,ID de rapporteur,Créateur,"
    "ID de créateur,Création,Mise à jour,Dernier affichage,Résolu,Date d'échéance,Votes,"
    "Description,Environnement,Observateurs,ID des observateurs,Estimation originale,"
    "Estimation restante,Temps consacré,Ratio du travail réel comparé à l'estimation,"
    "Σ Estimation originale,Lien du ticket entrant (Blocks),Lien de ticket sortant (Blocks),"
    "Pièce jointe,Champs personnalisés (Rank),Catégorie d'état,Catégorie d'état modifiée"
)
PORTUGUESE = (
    "Resumo,Chave da item,ID da item,Tipo de item,Status,Chave do projeto,Nome do projeto,"
    "Tipo de projeto,Líder do projeto,ID do líder do projeto,Descrição do projeto,Prioridade,"
    "Resolução,Responsável,ID do responsável,Relator,ID do relator,Criador,ID do criador,Criado,"
    "Atualizado(a),Última visualização,Resolvido,Data limite,Votos,Descrição,Ambiente,Seguidores,"
    "ID dos seguidores,Estimativa original,Estimativa de trabalho restante,Tempo gasto,"
    "Razão Trabalhada,Σ da Estimativa Original,Σ Estimativa de trabalho restante,"
    "Σ de Tempo Gasto,Nível de Segurança,Campo personalizado (Rank),Sprint,Sprint,"
    "Campo personalizado (Start date),Campo personalizado (Story point estimate),"
    "Campo personalizado (Vulnerability),Categoria do status,Categoria do status alterada"
)
SPANISH = (
    "Resumen,Clave de incidencia,ID de la incidencia,Tipo de Incidencia,Estado,"
    "Clave del proyecto,Nombre del proyecto,Prioridad,Resolución,Persona asignada,"
    "ID de la persona asignada,Informador,ID del informador,Creador,ID del creador,Creada,"
    "Actualizada,Vista por Última Vez,Resuelta,Componentes,Componentes,Fecha de vencimiento,"
    "Votos,Etiquetas,Etiquetas,Descripción,Entorno,Interesados,Estimación original,"
    "Trabajo restante estimado,Tiempo Trabajado,Relación de trabajo,Σ Estimación original,"
    "Σ Trabajo restante estimado,Σ Tiempo empleado,Nivel de Seguridad,"
    "Enlace a la incidencia interna (Blocks),Enlace de incidencia saliente (Blocks),Adjunto,"
    "Campo personalizado (Puntos de Historia),"
    "Campo personalizado (Estimación de puntos de historia),Comentario,Comentario,"
    "Categoría de estado,Categoría de estado cambiada,Principal,Clave principal,Parent summary"
)
GERMAN = (
    "Zusammenfassung,Vorgangsschlüssel,Vorgangs-ID,Vorgangstyp,Status,Projektschlüssel,"
    "Projektname,Priorität,Lösung,Zugewiesene Person,ID der zugewiesenen Person,Autor,Ersteller,"
    "Erstellt,Aktualisiert,Zuletzt angezeigt,Erledigt,Fälligkeitsdatum,Ursprüngliche Schätzung,"
    "Restschätzung,Benötigte Zeit,Anhang,Benutzerdefinierte Felder (Story Points),"
    "Statuskategorie,Übergeordnet,Parent summary"
)
OURS = [
    "item_id", "key", "project_key", "summary", "item_type", "status", "status_category",
    "priority", "resolution", "created_at", "updated_at", "resolved_at",
    "status_category_changed_at", "due_date", "original_estimate_hours", "time_spent_hours",
    "parent_key", "story_points", "links",
]  # fmt: skip
THEIRS = {
    "en": (
        ENGLISH,
        "Issue id,Issue key,Project key,Summary,Issue Type,Status,Status Category,Priority,"
        "Resolution,Created,Updated,Resolved,Status Category Changed,Due date,Original estimate,"
        "Time Spent,Parent key,Custom field (Story Points),Outward issue link (Blocks)",
    ),
    "fr": (
        FRENCH,
        "ID de ticket,Clé de ticket,Clé de projet,Résumé,Type de ticket,État,Catégorie d'état,"
        "Priorité,Résolution,Création,Mise à jour,Résolu,Catégorie d'état modifiée,"
        "Date d'échéance,Estimation originale,Temps consacré,,,Lien de ticket sortant (Blocks)",
    ),
    "pt": (
        PORTUGUESE,
        "ID da item,Chave da item,Chave do projeto,Resumo,Tipo de item,Status,"
        "Categoria do status,Prioridade,Resolução,Criado,Atualizado(a),Resolvido,"
        "Categoria do status alterada,Data limite,Estimativa original,Tempo gasto,,"
        "Campo personalizado (Story point estimate),",
    ),
    "es": (
        SPANISH,
        "ID de la incidencia,Clave de incidencia,Clave del proyecto,Resumen,Tipo de Incidencia,"
        "Estado,Categoría de estado,Prioridad,Resolución,Creada,Actualizada,Resuelta,"
        "Categoría de estado cambiada,Fecha de vencimiento,Estimación original,Tiempo Trabajado,"
        "Clave principal,Campo personalizado (Puntos de Historia),"
        "Enlace de incidencia saliente (Blocks)",
    ),
    "de": (
        GERMAN,
        "Vorgangs-ID,Vorgangsschlüssel,Projektschlüssel,Zusammenfassung,Vorgangstyp,Status,"
        "Statuskategorie,Priorität,Lösung,Erstellt,Aktualisiert,Erledigt,,Fälligkeitsdatum,"
        "Ursprüngliche Schätzung,Benötigte Zeit,Übergeordnet,"
        "Benutzerdefinierte Felder (Story Points),",
    ),
}


def cells(line):
    return next(csv.reader([line]))


@pytest.mark.parametrize("language", THEIRS)
def test_the_columns_of_real_exports_are_found(language):
    header, expected = map(cells, THEIRS[language])
    found = find_columns("jira.csv", header, {}).positions
    assert [header[found[ours][0]] if ours in found else "" for ours in OURS] == expected
    assert is_navigator_header(header)


def test_every_column_of_a_repeated_field_is_found():
    header = cells(ENGLISH)
    found = find_columns("jira.csv", header, {}).positions
    assert [header[position] for position in found["labels"]] == ["Labels", "Labels"]
    assert [header[position] for position in found["sprints"]] == ["Sprint", "Sprint"]


@pytest.mark.parametrize(
    ("header", "ours"),
    [
        ("Due Date", "due_date"),
        ("DUE  DATE:", "due_date"),
        ("Fix Version/s", "fix_versions"),
        ("Component/s", "components"),
        ("Affects Version/s:", "affects_versions"),
        ("Original Estimate", "original_estimate_hours"),
        ("Re\u0301sume\u0301", "summary"),  # letters and accents apart, as macOS writes them
        ("Parent id", "parent_key"),
        ("Custom field (Parent Link)", "parent_key"),
        ("custom field (Epic Link)", "parent_key"),
        ("Benutzerdefiniertes Feld (Story Points)", "story_points"),
        ("Champs personnalisés ( Story Points )", "story_points"),
    ],
)
def test_spellings_of_servers_and_users_do_not_matter(header, ours):
    assert navigator_name(header) in HEADERS[ours]


def test_no_name_belongs_to_two_columns():
    names = [name for aliases in HEADERS.values() for name in aliases]
    assert len(names) == len(set(names))


def test_sums_over_children_are_not_taken_for_the_issues_own():
    names = {name for aliases in HEADERS.values() for name in aliases}
    assert navigator_name("Σ Original Estimate") not in names
    assert navigator_name("Custom field (Status)") not in names
    assert navigator_name("Parent summary") not in names


def test_other_tables_are_no_navigator_export():
    plan = "Hierarchy,Title,Project,Due date,Parent,Issue key,Issue status,Progress (%)"
    assert not is_navigator_header(cells(plan))
    assert not is_navigator_header(["project_id", "name", "status"])
    assert not is_navigator_header(["Key", "Status", "Created", "Changed"])
    assert is_navigator_header(["Key", "Status", "Created", "Summary"])


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Custom field (Business SME )", "Business SME"),
        ("Campo personalizado (¿Mientras más, mejor o peor?)", "¿Mientras más, mejor o peor?"),
        ("Custom field (Size (days))", "Size (days)"),
        ("Atualizado(a)", None),
        ("Custom field", None),
    ],
)
def test_a_custom_field_is_named_within_the_parentheses(header, field):
    assert custom_field(header) == field


def test_links_outward_and_inward_are_told_apart():
    assert outward_link("Lien de ticket sortant (Relates (old))") == "Relates (old)"
    assert outward_link("Lien du ticket entrant (Blocks)") is None
    assert is_multi_valued("Enlace a la incidencia interna (Blocks)")
    assert is_multi_valued("Pièce jointe")
    assert not is_multi_valued("Custom field (Department)")


def test_the_words_for_status_categories_mean_jiras_keys():
    words = ["To Do", "In Progress", "Done", "Zu erledigen", "En cours", "Itens concluídos"]
    keys = ["new", "indeterminate", "done", "new", "indeterminate", "done"]
    assert [STATUS_CATEGORIES[plain_word(word)] for word in words] == keys
    assert STATUS_CATEGORIES[plain_word("A faire")] == STATUS_CATEGORIES[plain_word("À faire")]
