"""Files that want to run code, read outside or explode: each refused in one line, a canary intact.

What is made for one reader is tested beside it: HDF5 in test_library.py, configs in test_cli.py,
JSON in fuzz/, the formats of others in test_formats_*.py.
"""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from episodes.errors import UserError
from generators.command.cli import dispatch
from sim.robots import xml_safe

LAUGHS = "".join(
    f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9)
)  # 10^9 times "ha", in 600 bytes

XML = {
    "bomb": f'<!DOCTYPE robot [<!ENTITY l0 "ha">{LAUGHS}]><robot name="a">&l9;</robot>',
    "one long entity": '<!DOCTYPE robot [<!ENTITY a "' + "ha" * 50_000 + '">]><robot>&a;</robot>',
    "outside": '<!DOCTYPE robot [<!ENTITY x SYSTEM "file://CANARY">]><robot name="a">&x;</robot>',
    "parameter": '<!DOCTYPE robot [<!ENTITY % x SYSTEM "file://CANARY"> %x;]><robot/>',
    "type elsewhere": '<!DOCTYPE robot SYSTEM "file://CANARY"><robot/>',
    "deep": "<a>" * 100_000 + "</a>" * 100_000,
    "no xml": "robot",
    "cut": "<robot><link name='a'>",
    "nothing": "",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("kind", XML)
def test_hostile_xml(kind: str, encoding: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("<secret/>")
    before = canary.stat()
    file = tmp_path / "arm.urdf"
    file.write_text(XML[kind].replace("CANARY", str(canary)), encoding=encoding)
    with pytest.raises(UserError, match=r"arm\.urdf (is refused|is not XML)") as refused:
        xml_safe.root_of(file)
    assert "\n" not in str(refused.value)
    assert canary.stat().st_atime_ns == before.st_atime_ns


def test_large_xml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "arm.urdf"
    with open(file, "wb") as opened:
        os.truncate(opened.fileno(), 1 << 40)  # it takes no room
    with pytest.raises(UserError, match="over 16 MB"):
        xml_safe.root_of(file)


def test_xml_as_urdfs_have_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "arm.urdf"
    file.write_text('<?xml version="1.0"?><!-- a --><robot name="a &amp; b"><link/></robot>')
    assert xml_safe.root_of(file).attrib == {"name": "a & b"}


def _tar(path: Path) -> None:
    with tarfile.open(path, "w") as tar:
        out = tarfile.TarInfo("../canary")
        out.size = 4
        tar.addfile(out, io.BytesIO(b"evil"))
        link = tarfile.TarInfo("data")
        link.type, link.linkname = tarfile.SYMTYPE, ".."
        tar.addfile(link)


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../canary", "evil")
        packed.writestr("bomb", bytes(50_000_000))


class _Canary:
    """Unpickled, it spoils the canary."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return _spoil, (self.path, "evil")


def _spoil(path: str, text: str) -> None:
    Path(path).write_text(text)


def _pickle(path: Path) -> None:
    values = np.array([_Canary(path.parent / "canary")], dtype=object)
    np.savez(path, actions=values)


@pytest.mark.parametrize(
    ("name", "make"),
    [("a.tar", _tar), ("0.tar", _tar), ("a.zip", _zip), ("a.npz", _pickle), ("0.npz", _pickle)],
)
@pytest.mark.parametrize("inside", [False, True])
def test_archives_and_pickles_are_never_opened(
    name: str, make: object, inside: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(make)
    (tmp_path / "set").mkdir()
    canary = tmp_path / "canary"
    canary.write_text("whole")
    file = tmp_path / "set" / name if inside else tmp_path / name
    make(file)
    canary.write_text("whole")
    src = file.parent if inside else file
    assert dispatch(["import", f"src={src}", f"out={tmp_path / 'out'}"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("cellwright: ")
    assert len(err.splitlines()) == 1
    assert canary.read_text() == "whole"
    assert not (tmp_path / "out").exists()
