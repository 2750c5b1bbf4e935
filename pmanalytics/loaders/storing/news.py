"""What a folder holds that a store does not, and what the store remembers of every file."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pmanalytics.loaders.config import CONFIG, read_config
from pmanalytics.loaders.folder import FolderReader, open_folder, reader_of
from pmanalytics.loaders.jira.from_json import JiraTables
from pmanalytics.loaders.recognised import Recognised
from pmanalytics.loaders.sources.files import File, Limits, file_at
from pmanalytics.loaders.storing.merging import SECTIONS
from pmanalytics.store.files import SOURCES, Store

NOTHING: Mapping[str, Any] = {
    "n_loads": 0, "exports": [], "notes": [], "sources": {}, "digests": {}, "unused": {},
}  # fmt: skip


@dataclass
class News:
    """What a folder holds: exports of Jira's to be loaded, lists to be kept as they are."""

    folder: Path
    reader: FolderReader
    exports: dict[str, list[File]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)

    def is_any(self, facts: Mapping[str, Any]) -> bool:
        """Tell whether a store of which these facts are known lacks anything of it."""
        lists = self.digests.items() - facts["digests"].items()
        return bool(self.exports or lists or self.reader.unused.items() - facts["unused"].items())


def news_of(folder: Path, before: Store | None) -> News:
    """Tell what is new in a folder, by the SHA-256 of each file."""
    facts = before.facts if before else NOTHING
    is_told = before is None or (folder / CONFIG).exists()
    config = read_config(folder if before is None or is_told else before.folder / SOURCES)
    names = [file["name"] for file in facts["exports"]]
    reader = open_folder(folder, config, known=[*names, *facts["sources"]])
    news = News(folder, reader)
    known = {(file["section"], file["sha256"]) for file in facts["exports"]}
    for section, files in reader.files.items():
        for file in files:
            if section not in SECTIONS:
                _add_list(news, section, file, facts)
            elif (section, digest := file.digest()) in known:
                news.known.append(file.name)
            else:
                _add_export(news, section, file, digest, names)
    if (folder / CONFIG).exists():
        news.digests[CONFIG] = file_at(folder / CONFIG).digest()
    return news


def _add_list(news: News, section: str, file: File, facts: Mapping[str, Any]) -> None:
    path = file.path.relative_to(news.folder).as_posix()
    news.digests[path] = news.digests.get(path) or file_at(file.path).digest()
    is_known = facts["digests"].get(path) == news.digests[path]
    (news.known if is_known else news.taken).append(file.name)
    why = news.reader.why.get(file.name, "")
    of_file = {"member": file.member, "sheet": file.sheet, "is_hidden": file.is_hidden}
    news.sources[file.name] = {"section": section, "path": path, "why": why, **of_file}


def _add_export(news: News, section: str, file: File, digest: str, names: list[str]) -> None:
    """Add an export, under a name that no other in the store has."""
    news.taken.append(file.name)
    name, number = file.name, 2
    while name in names:
        name, number = f"{file.name} ({number})", number + 1
    names.append(name)
    news.hashes[name] = digest
    news.reader.why[name] = news.reader.why[file.name]
    news.exports.setdefault(section, []).append(replace(file, name=name))


def facts_with(news: News, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a store remembers once it holds the news, too."""
    exports = [
        {"name": file.name, "sha256": news.hashes[file.name], "section": section}
        for section in SECTIONS
        for file in news.exports.get(section, [])
    ]
    replaced = {source["path"] for source in news.sources.values()} - news.sources.keys()
    kept = {n: s for n, s in facts["sources"].items() if s["path"] not in replaced}
    told_now = {*news.taken, *news.known}
    unused = {name: why for name, why in facts["unused"].items() if name not in told_now}
    return {
        "n_loads": facts["n_loads"],
        "exports": [*facts["exports"], *exports],
        "notes": list(facts["notes"]),
        "sources": {**kept, **news.sources},
        "digests": {**facts["digests"], **news.digests},
        "unused": {**unused, **news.reader.unused},
    }


def keep_lists(news: News, before: Store | None, target: Path, facts: Mapping[str, Any]) -> None:
    """Copy the lists and the configuration into a generation, as they are."""
    for path in facts["digests"]:
        is_new = path in news.digests or before is None
        origin = news.folder if before is None or is_new else before.folder / SOURCES
        kept = target / SOURCES / path
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin / path, kept)
    (target / SOURCES).mkdir(exist_ok=True)


@dataclass
class ListReader(FolderReader):
    """The lists that a store keeps, while they are being read; its issues are given."""

    issues: JiraTables | None = None
    issue_notes: list[str] = field(default_factory=list)

    def jira(self) -> JiraTables:
        """Return what the exports of all times hold, already assigned."""
        self.notes += self.issue_notes
        if self.issues is None:
            raise AssertionError("the issues are read before the lists")
        return self.issues


def list_reader(target: Path, facts: Mapping[str, Any]) -> ListReader:
    """Return the reader of the lists that a generation keeps."""
    folder = target / SOURCES
    config = read_config(folder)
    limits = Limits(**config.get("limits", {}))
    files: dict[str, list[File]] = {}
    for export in facts["exports"]:
        files.setdefault(export["section"], []).append(File(folder, export["name"]))
    for name, told in facts["sources"].items():
        source = File(
            folder / told["path"], name, limits, told["member"], told["sheet"], told["is_hidden"]
        )
        files.setdefault(told["section"], []).append(source)
    why = {name: told["why"] for name, told in facts["sources"].items()}
    return ListReader(**vars(reader_of(folder, config, Recognised(files, facts["unused"], why))))
