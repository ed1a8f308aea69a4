"""One verb, one small file: each has `run(config) -> Exit` and a `conf/VERB.yaml`."""

from __future__ import annotations

from collections.abc import Mapping

# verb -> the module of this package that does it; imported only when it is asked for
VERBS: Mapping[str, str] = {
    "generate": "generate",
    "smoke": "smoke",
    "render": "render",
    "replay": "replay",
    "check": "check",
    "import": "import_",
    "export": "export",
    "mix": "mix",
    "show": "show",
    "list": "list_",
    "part": "part",
    "repair": "repair",
    "audit": "audit",
}
