"""Croissant 1.1 metadata of an export: what it is, every file with its hash, every episode.

Vocabulary and context as in the Croissant specification (docs.mlcommons.org/croissant).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from episodes.formats import guard
from episodes.storage import safe
from episodes.storage.records import Row, record_file
from episodes.storage.selection import Selection
from episodes.storage.store import SHARDS

FILE = "croissant.json"
CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
MAX_RECORDS = 10_000  # episodes that are listed in the metadata itself
LICENCES = "https://spdx.org/licenses/"
MEDIA = {
    ".parquet": "application/x-parquet",
    ".mp4": "video/mp4",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".hdf5": "application/x-hdf5",
    ".tar": "application/x-tar",
    ".md": "text/markdown",
    ".png": "image/png",
}
TERMS = {
    "citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn", "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty", "fileSet": "cr:fileSet", "format": "cr:format",
    "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath",
    "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#", "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex",
    "repeated": "cr:repeated", "replace": "cr:replace", "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source",
    "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip
FIELDS = {
    "index": "sc:Integer",
    "task": "sc:Text",
    "robot": "sc:Text",
    "domain": "sc:Text",
    "instruction": "sc:Text",
    "outcome": "sc:Text",
    "steps": "sc:Integer",
}


def write(
    chosen: Selection, out: Path, name: str, description: str, licences: Sequence[str]
) -> None:
    """Write out/croissant.json over all files that are in `out` by now."""
    files = sorted(path for path in out.rglob("*") if path.is_file() and path.name != FILE)
    hashes = guard.hash_files(out, files)
    specs = dict.fromkeys(part.library.info["spec_id"] for part in chosen.parts)
    value = {
        "@context": {"@language": "en", "@vocab": "https://schema.org/", **TERMS},
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": name,
        "description": description,
        "license": [LICENCES + quote(licence) for licence in licences],
        "version": "1.0.0",
        "datePublished": _made(chosen),
        "citeAs": f"{name}, cellwright spec {', '.join(specs)}",
        "keywords": ["robotics", "manipulation", *sorted(chosen.summary().domains)],
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": path,
                "name": path,
                "contentUrl": path,
                "contentSize": f"{(out / path).stat().st_size} B",
                "encodingFormat": MEDIA.get(Path(path).suffix, "application/octet-stream"),
                "sha256": digest,
            }
            for path, digest in hashes.items()
        ],
        "recordSet": [_records(chosen)],
    }
    (out / FILE).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def _records(chosen: Selection) -> dict[str, Any]:
    """The episodes as a table inside the metadata."""
    rows = [
        {
            "episodes/index": row.index,
            "episodes/task": row.task,
            "episodes/robot": row.robot,
            "episodes/domain": row.domain,
            "episodes/instruction": row.instruction,
            "episodes/outcome": outcome(row),
            "episodes/steps": row.steps,
        }
        for row in chosen.rows[:MAX_RECORDS]
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": "episodes",
        "name": "episodes",
        "description": f"The first {len(rows)} of {len(chosen)} episodes.",
        "key": {"@id": "episodes/index"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"episodes/{name}",
                "name": f"episodes/{name}",
                "dataType": kind,
            }
            for name, kind in FIELDS.items()
        ],
        "data": rows,
    }


def outcome(row: Row) -> str:
    if row.success is None:
        return "unknown"
    return "success" if row.success else f"failure: {row.failure or 'unnamed'}"


def _made(chosen: Selection) -> str:
    """The day on which the first shard was committed."""
    library = chosen.parts[0].library
    folder = library.path / SHARDS
    record = safe.read_json(folder / record_file(library.shards[0].number))
    return str(record.get("created", ""))[:10]
