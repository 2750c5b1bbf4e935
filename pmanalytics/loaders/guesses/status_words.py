"""What people call a status: the words by which its meaning is guessed.

A guess is never used silently: `propose_config` writes it down for the user to confirm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# Words in a status that tell what happens to the work; the first kind that fits counts.
STATUS_KINDS = {
    "cancelled": [
        "cancel", "won't", "wont", "reject", "declin", "abandon", "withdrawn", "obsolete",
        "duplicate", "stopped", "terminated", "invalid", "abgebrochen", "storniert", "abgelehnt",
        "verworfen", "duplikat", "annul", "rejet", "refus", "doublon", "rechazad", "duplicad",
        "descartad", "rejeitad",
    ],
    "on_hold": [
        "hold", "paused", "parked", "suspend", "blocked", "pausiert", "ruht", "blockiert",
        "angehalten",
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
        "ready for release", "ready for deploy", "ready to release", "ready to deploy",
        "bereit für release",
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


# What our words are called in the columns that take no others; the first is taken for all else.
RISK_WORDS = {
    "occurred": ["occurred", "materiali", "became issue", "eingetreten", "survenu"],
    "closed": ["closed", "geschlossen", "retired", "fermé", "clos", "cerrad", "fechad"],
    "mitigating": ["mitigat", "in progress", "treat", "in arbeit", "en cours", "en curso"],
    "open": ["open", "new", "identified", "active", "offen", "ouvert", "abiert", "abert"],
}  # fmt: skip
FOUND_WORDS = {
    "before_release": ["pre", "test", "testing", "qa", "uat", "dev", "staging", "before", "review",
                       "intern", "abnahme"],
    "after_release": ["prod", "production", "live", "field", "customer", "after", "post",
                      "kunde", "betrieb"],
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
