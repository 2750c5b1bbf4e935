"""Damage to Jira's exports: navigator CSV, REST JSON and XML."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from judge import Aside, Case
from truth import (
    BERLIN,
    ENGLISH,
    ISSUES,
    LISTS,
    MOVES,
    Grid,
    Record,
    clock,
    issue,
    issues,
    lines,
    navigator,
    page,
    rss,
    text,
)

LOCALES = {
    "German": (
        ["Vorgangs-ID", "Vorgangsschlüssel", "Zusammenfassung", "Vorgangstyp", "Status", "Erstellt",
         "Aktualisiert", "Erledigt", "Fälligkeitsdatum", "Übergeordnet", "Ursprüngliche Schätzung",
         "Stichwörter", "Lösungsversionen", "Sprint"],
        "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
    ),
    "French": (
        ["ID de ticket", "Clé de ticket", "Résumé", "Type de ticket", "État", "Création",
         "Mise à jour", "Résolu", "Date d'échéance", "Parent", "Estimation originale",
         "Étiquettes", "Versions corrigées", "Sprint"],
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    ),
    "Portuguese": (
        ["ID da item", "Chave da item", "Resumo", "Tipo de item", "Status", "Criado",
         "Atualizado(a)", "Resolvido", "Data limite", "Pai", "Estimativa original",
         "Categorias", "Versões de correção", "Sprint"],
        "jan fev mar abr mai jun jul ago set out nov dez",
    ),
    "Spanish": (
        ["ID de la incidencia", "Clave de incidencia", "Resumen", "Tipo de Incidencia", "Estado",
         "Creada", "Actualizada", "Resuelta", "Fecha de vencimiento", "Principal",
         "Estimación original", "Etiquetas", "Versiones de corrección", "Sprint"],
        "ene feb mar abr may jun jul ago sept oct nov dic",
    ),
}  # fmt: skip
# Headers of lists that no published export shows are left out of the localised files.
UNSEEN = {"German": LISTS[:2], "French": LISTS[:2], "Portuguese": LISTS[:2], "Spanish": LISTS[1:2]}
RFC = "%a, %d %b %Y %H:%M:%S %z"


def table(name: str, rows: Grid | str | bytes, truth: Sequence[Record] = ISSUES, **more) -> Case:
    """Return the case of one navigator export."""
    content = text(rows) if isinstance(rows, list) else rows
    content = content if isinstance(content, bytes) else content.encode()
    return Case("Jira CSV", name, "jira csv", {"jira.csv": content}, truth, **more)


def without(records: Sequence[Record], names: Sequence[str]) -> list[Record]:
    """Return records without some columns."""
    return [{k: v for k, v in record.items() if k not in names} for record in records]


def navigators() -> Iterator[Case]:
    """Yield navigator exports of other sites, languages and ages, and damaged ones."""
    rows = navigator()
    yield table("English, repeated columns for lists", rows)
    for language, (names, months) in LOCALES.items():
        headers = dict(zip(ENGLISH, names, strict=True))
        headers = {k: v for k, v in headers.items() if k not in UNSEEN[language]}
        localised = navigator(headers=headers, show=lambda at, m=months: _local(at, m.split()))
        yield table(f"headers and months in {language}", localised,
                    without(ISSUES, UNSEEN[language]), headers=headers)  # fmt: skip
    server = {"fix_versions": "Fix Version/s", "due_date": "Due Date",
              "original_estimate_hours": "Original Estimate"}  # fmt: skip
    yield table("spelled as by Jira Server", navigator(headers=ENGLISH | server),
                headers=ENGLISH | server)  # fmt: skip
    yield table("headers in capitals, BOM, CRLF, semicolon",
                text([[name.upper() for name in rows[0]], *rows[1:]], ";", "\r\n")
                .encode("utf-8-sig"))  # fmt: skip
    for name, form in [
        ("2/Jan/2006 3:04 PM", "%d/%b/%Y %I:%M %p"), ("2/Jan/06 15:04", "%d/%b/%y %H:%M"),
        ("2006-01-02 15:04", "%Y-%m-%d %H:%M"), ("2006-01-02 15:04:05.01", "%Y-%m-%d %H:%M:00.01"),
        ("02.01.2006 15:04, decided", "%d.%m.%Y %H:%M"),
        ("1/2/06 15:04 of Excel, decided", "%m/%d/%y %H:%M"),
        ("Jan/2/06 3:04 PM", "%b/%d/%y %I:%M %p"), ("ISO with offset", "%Y-%m-%dT%H:%M:%S%z"),
    ]:  # fmt: skip
        day = form.split("T")[0].split()[0]
        exact = ".01" in form
        truth = _shifted(ISSUES, timedelta(milliseconds=10)) if exact else ISSUES
        show = navigator(show=lambda at, f=form: clock(at, f),
                         show_day=lambda d, f=day: d.strftime(f))  # fmt: skip
        yield table(f"dates as {name}", show, truth)
    numbered = [r | {"fix_versions": [f"{n}.0", f"{n}.10"]} for n, r in enumerate(ISSUES)]
    yield table("versions such as 1.0 and 1.10", navigator(numbered), numbered)
    two = navigator(headers=ENGLISH)
    updated = two[0].index("Updated")
    for row, record in zip(two[1:], ISSUES, strict=True):
        row[updated] = clock(record["updated_at"], "%Y-%m-%d %H:%M:%S.0")
    yield table("two date styles in one file", two)
    early = [r | {"created_at": datetime(2024, n + 1, n, 9, tzinfo=BERLIN).astimezone(UTC),
                  "updated_at": None, "resolved_at": None, "due_date": None}
             for n, r in enumerate(ISSUES, 1)]  # fmt: skip
    ambiguous = navigator(early, show=lambda at: clock(at, "%d/%m/%Y %H:%M"))
    asides = [Aside(r["key"], n, "created_at") for n, r in enumerate(early, 2)]
    yield table("numeric dates that fit day first and month first", ambiguous, early,
                asides=asides, headers=ENGLISH)  # fmt: skip
    extra = [[*row, *more] for row, more in zip(rows, _twins(), strict=True)]
    yield table("two fields of one name, not asked for", extra)
    leak = "com.atlassian.servicedesk.approvals.ApprovalsCFValue@57175b55"
    leaking = [[*row, more] for row, more in zip(rows, ["Custom field (Approvals)"] + [leak] * 5,
                                                  strict=True)]  # fmt: skip
    named = {"columns": {"approvals": "Custom field (Approvals)"}}
    yield table("a Java object for a value, in a field asked for", leaking,
                [r | {"approvals": None} for r in ISSUES], options=named,
                asides=[Aside(r["key"], n, "approvals") for n, r in enumerate(ISSUES, 2)],
                headers={"approvals": "Custom field (Approvals)"}, peers=False)  # fmt: skip
    yield from _damaged(rows)


def _local(at: datetime, months: list[str]) -> str:
    clock12 = clock(at, "%I:%M %p").lstrip("0")
    return f"{clock(at, '%d/%b/%y', months)} {clock12}"


def _shifted(records: Sequence[Record], by: timedelta) -> list[Record]:
    return [{k: v + by if isinstance(v, datetime) else v for k, v in r.items()} for r in records]


def _twins() -> Grid:
    return [["Custom field (Impact)"] * 2, *([f"high {n}", f"low {n}"] for n in range(5))]


def _damaged(rows: Grid) -> Iterator[Case]:
    second = ISSUES[1]["key"]
    key, at = rows[0].index("Issue key"), rows[0].index("Created")

    def cell(name: str, column: int, value: str, scope: str = "any", ours: str = "key") -> Case:
        damaged = [list(row) for row in rows]
        damaged[2][column] = value
        return table(name, damaged, asides=[Aside(second, 3, ours, scope)], headers=ENGLISH)

    yield cell("a key turned into a date", key, "1-Mar")
    yield cell("an issue id turned into 1E+05", 0, "1E+05", ours="item_id")
    yield cell("no key", key, "", "row")
    yield cell("prose for the creation", at, "a while ago", "row", "created_at")
    yield cell("31 February for the creation", at, "31/Feb/24 8:30 AM", "row", "created_at")
    yield cell("prose for the due date", rows[0].index("Due date"), "soon", "value", "due_date")
    longer = [*rows[:2], [*rows[2], "x"], *rows[3:]]
    yield table("a long row", longer, asides=[Aside(second, 3, None, "row")])
    cut = text(rows)
    cut = cut[: cut.rindex("10005") + 12]
    yield table("cut off in the last row", cut, asides=[Aside("DEF-1", 6, None, "row")])
    wiki = [
        r | {"summary": 'h2. Why\n\n* "a", b;\n|c|'} if r["key"] == second else r for r in ISSUES
    ]
    below = {"ABC-1": 2, "ABC-2": 3, "ABC-3": 7, "ABC-4": 8, "DEF-1": 9}
    yield table("line breaks, quotes and bars in a cell", navigator(wiki), wiki, lines=below)
    formula = [r | {"summary": "'=1+1" if r["key"] == second else r["summary"]} for r in ISSUES]
    yield table("an apostrophe before a formula", navigator(formula), formula,
                note="apostrophe|formula")  # fmt: skip
    many = [_copy(n) for n in range(1, 1001)]
    yield table("exactly 1,000 rows", navigator(many), many, note="1,?000", peers=False)
    later = [r | {"updated_at": r["updated_at"] + timedelta(days=1), "status": "Closed"}
             for r in ISSUES[:2]]  # fmt: skip
    newest = [*later, *ISSUES[2:]]
    both = navigator([*ISSUES, *later])
    yield table("an older state of two issues", both, newest, repeats=2, peers=False)
    parts = {"1.csv": text(navigator(ISSUES[:3])).encode(),
             "2.csv": text(navigator(newest[1:]), ";").encode()}  # fmt: skip
    truth = [ISSUES[0], *newest[1:]]
    yield Case("Jira CSV", "parts that overlap, other columns repeated", "jira csv", parts, truth,
               repeats=2, peers=False)  # fmt: skip
    yield table("not from the navigator", "a,b\n1,2\n", refused="Issue key")


def _copy(n: int) -> Record:
    return ISSUES[3] | {"item_id": str(20000 + n), "key": f"GHI-{n}", "parent_key": None}


def told(records: Sequence[Record] = ISSUES) -> list[Record]:
    """Return the issues with their history, as JSON tells it."""
    return [{**r, "history": MOVES[r["item_id"]], "history_complete": True} for r in records]


def searches() -> Iterator[Case]:
    """Yield JSON of Jira's searches, in other shapes and damaged."""

    def of(name: str, files: dict[str, bytes] | bytes, truth: Sequence[Record] | None = None,
           **more: object) -> Case:  # fmt: skip
        files = files if isinstance(files, dict) else {"page.json": files}
        numbers = {r["key"]: n for n, r in enumerate(ISSUES, 1)}
        more = {"peers": False, "lines": numbers} | more
        return Case("Jira JSON", name, "jira json", files, truth or told(), **more)

    yield of("a page of a search", page(issues()), peers=True)
    yield of("with BOM", b"\xef\xbb\xbf" + page(issues()), peers=True)
    yield of("UTF-16", page(issues()).decode().encode("utf-16"))
    rich = _each(
        lambda each: each["fields"].update(
            description={"type": "doc", "version": 1, "content": [{"type": "text", "text": "x"}]}
        )
    )
    yield of("rich text of v3 for a description", page(rich), peers=True)
    yield of("JSON lines", {"issues.jsonl": lines(issues())}, peers=True)
    split = [r | {"summary": "a\u2028b\u2029c\u0085d"} for r in ISSUES]
    found = [issue(r, MOVES[r["item_id"]]) for r in split]
    yield of("line separators inside JSON lines", {"issues.jsonl": lines(found)}, told(split),
             peers=True)  # fmt: skip
    broken = lines(issues()).replace(b'"ABC-3"', b'"ABC-3')
    yield of("one broken line", {"issues.jsonl": broken}, peers=True,
             asides=[Aside("ABC-3", 3, None, "row")])  # fmt: skip
    cut = lines(issues())[:-40]
    yield of("JSON lines cut off", {"issues.jsonl": cut}, peers=True,
             asides=[Aside("DEF-1", 5, None, "row")])  # fmt: skip
    yield of("a page cut off", page(issues())[:-40], refused="truncated|cut off|ends", peers=True)
    clipped = issues()
    clipped[1]["changelog"]["histories"].pop()
    clipped[1]["changelog"]["total"] = 2
    partial = told()
    partial[1] |= {"history_complete": False, "history": MOVES["10002"][2:]}
    yield of("a changelog without its oldest entries", page(clipped), partial)
    bare = issues()
    for each in bare:
        del each["changelog"]
    nothing = [r | {"history_complete": False, "history": []} for r in told()]
    yield of("no changelog", page(bare), nothing)
    yield of(
        "null for names",
        page(
            _each(
                lambda each: each["fields"].update(
                    priority=None, resolution=None, assignee=None, creator={"displayName": None}
                )
            )
        ),
    )
    yield from _stamps(of)
    yield from _pages(of)
    wrong = issues()
    wrong[2]["fields"]["created"] = ["2024"]
    yield of("a list for an instant", page(wrong), asides=[Aside("ABC-3", 3, None, "row")])
    wrong = issues()
    wrong[2]["fields"]["status"] = None
    yield of("no status", page(wrong), asides=[Aside("ABC-3", 3, None, "row")])
    prose = issues()
    prose[1]["fields"]["duedate"] = "soon"
    yield of("prose for a due date", page(prose), headers={"due_date": "fields.duedate"},
             asides=[Aside("ABC-2", 2, "due_date", "value")])  # fmt: skip
    yield of("no issues at all", b'{"errorMessages": ["No access"]}', refused="no Jira issue")


def _each(change: Callable[[dict], None]) -> list[dict]:
    found = issues()
    for each in found:
        change(each)
    return found


def _stamps(of: Callable[..., Case]) -> Iterator[Case]:
    for name, factor in [("seconds", 1), ("milliseconds", 1000)]:
        found = issues()
        for each in found:
            for history in each["changelog"]["histories"]:
                at = datetime.strptime(history["created"], "%Y-%m-%dT%H:%M:%S.%f%z")
                history["created"] = int(at.timestamp()) * factor
        yield of(f"edits in {name} since 1970", page(found))
    zones = issues()
    for each in zones:
        at = datetime.strptime(each["fields"]["created"], "%Y-%m-%dT%H:%M:%S.%f%z")
        each["fields"]["created"] = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    yield of("several offsets in one file", page(zones))
    naive = issues()
    naive[1]["fields"]["created"] = "2024-02-14T08:30:00.000"
    yield of("an instant without offset", page(naive), asides=[Aside("ABC-2", 2, None, "row")])
    tied = issues()
    histories = tied[1]["changelog"]["histories"]
    histories[1]["created"] = histories[0]["created"]
    truth = told()
    created, _, (last, _) = MOVES["10002"]
    truth[1] |= {"history": [created, (last, "In Progress"), (last, "Done")]}
    yield of("two edits at one instant", page(tied), truth)


def _pages(of: Callable[..., Case]) -> Iterator[Case]:
    found = issues()
    pages = {"1.json": page(found[:3], total=5), "2.json": page(found[3:], total=5, startAt=3)}
    numbers = {"ABC-1": 1, "ABC-2": 2, "ABC-3": 3, "ABC-4": 1, "DEF-1": 2}
    yield of("a search in two pages", pages, lines=numbers)
    yield of("a search of which a page is absent", {"1.json": pages["1.json"]}, told(ISSUES[:3]),
             note="5|page|incomplete|not all")  # fmt: skip
    yield of("a page that is not the last", page(found[:3], isLast=False, nextPageToken="x"),
             told(ISSUES[:3]), note="page|incomplete|not the last")  # fmt: skip
    newer = [r | {"updated_at": r["updated_at"] + timedelta(days=1), "summary": "New"}
             for r in ISSUES[2:3]]  # fmt: skip
    again = issue(newer[0], MOVES["10003"])
    pages = {"1.json": page(found[:3], total=6), "2.json": page([again, *found[3:]], total=6)}
    truth = told([*ISSUES[:2], *newer, *ISSUES[3:]])
    yield of("an issue on two pages", pages, truth, repeats=1)
    single = {f"{each['key']}.json": json.dumps(each).encode() for each in found}
    yield of("a file per issue", single, lines={r["key"]: 1 for r in ISSUES})
    logs = {f"{each['key']}.json": json.dumps(_changelog(each)).encode() for each in found}
    bare = [{k: v for k, v in each.items() if k != "changelog"} for each in found]
    yield of("changelogs in files of their own", {"issues.json": page(bare), **logs})
    edits = [
        {"issueId": each["id"], "changeHistories": each["changelog"]["histories"][::-1]}
        for each in found
    ]
    bulk = {"issueChangeLogs": edits, "nextPageToken": None}
    yield of("changelogs fetched in bulk", {"issues.json": page(bare),
             "changelogs.json": json.dumps(bulk).encode()})  # fmt: skip


def _changelog(found: dict) -> dict:
    """Return the answer to /issue/{key}/changelog, which names its issue by its own address."""
    log, address = found["changelog"], f"https://x.test/rest/api/3/issue/{found['key']}/changelog"
    place = {"self": address, "startAt": 0, "maxResults": 100, "total": log["total"]}
    return {**place, "isLast": True, "values": log["histories"][::-1]}


def views() -> Iterator[Case]:
    """Yield Jira's XML views."""
    truth = without(ISSUES, ["sprints"])
    clean = rss(lambda at: clock(at, RFC))

    def of(name: str, content: str | bytes, **more: object) -> Case:
        content = content if isinstance(content, bytes) else content.encode()
        more = {"peers": False, "lines": {r["key"]: n for n, r in enumerate(ISSUES, 1)}} | more
        return Case("Jira XML", name, "rss", {"jira.xml": content}, truth, **more)

    yield of("as Jira writes it", clean)
    prose = "This XML file does not appear to have any style information associated with it.\n"
    yield of("a browser's words before it", prose + clean)
    yield of("with BOM", clean.encode("utf-8-sig"))
    german = ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]
    days = ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"]

    def localised(at: datetime) -> str:
        local = at.astimezone(BERLIN)
        return f"{days[local.weekday()]}, {clock(at, '%-d %b %Y %H:%M:%S %z', german)}"

    yield of("dates in German", rss(localised))
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "x">{bomb}]><rss>&a9;</rss>'
    yield of("an entity bomb", bomb, refused="entit|DOCTYPE|DTD")
    outside = clean.replace(
        "<rss", '<!DOCTYPE rss [<!ENTITY e SYSTEM "file:///etc/passwd">]><rss', 1
    )
    yield of(
        "an entity from outside", outside.replace("Export", "&e;"), refused="entit|DOCTYPE|DTD"
    )
    yield of("cut off", clean[: len(clean) // 2], refused="line|cut off|ends|incomplete")
    wrong = clean.replace(clock(ISSUES[1]["created_at"], RFC), "a while ago", 1)
    yield of("prose for a creation", wrong, asides=[Aside("ABC-2", 2, None, "row")])


def cases() -> Iterator[Case]:
    """Yield all of them."""
    for group in (navigators, searches, views):
        yield from group()
