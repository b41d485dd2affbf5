"""What the documents tell people to type exists."""

import re
import shlex
from pathlib import Path

import pytest

from tests.commands import check_command

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def commands(program: str) -> list[str]:
    """Every line of a shell block in the documents that starts with ``program``, without its comment."""
    found = []
    for document in DOCUMENTS:
        for block in FENCED.findall(document.read_text()):
            joined = block.replace("\\\n", " ")
            found += [line.strip() for line in joined.splitlines() if line.strip().startswith(program + " ")]
    return sorted(set(found))


@pytest.mark.parametrize("line", commands("shenxiang"))
def test_documents__every_shenxiang_command_has_its_options(line: str) -> None:
    """The subcommand exists, and so does every option that the documents give it."""
    check_command(shlex.split(line, comments=True)[1:])


def test_documents__make_targets_exist() -> None:
    """The README's make commands are the Makefile's."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {shlex.split(line, comments=True)[1] for line in commands("make")}
    assert {"demo", "test"} <= named
    assert named <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents__links_lead_somewhere(document: Path) -> None:
    """Every relative link and picture exists."""
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []
