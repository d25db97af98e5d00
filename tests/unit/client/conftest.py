"""A client of a served project, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.server.conftest import Served, client_of
from tests.unit.server.conftest import project as project  # the fixture
from treadle.client import Client, connect
from treadle.workspace import Workspace


@pytest.fixture
def token_project(tmp_path: Path, project: Workspace) -> Iterator[Served]:
    """A project that wants tokens."""
    (tmp_path / "treadle.toml").write_text('[project]\nname = "p"\n[server]\nauth = "token"\n')
    workspace = Workspace.open(tmp_path)
    with client_of(workspace) as http:
        yield Served(workspace, http, project)
    workspace.close()


@pytest.fixture(scope="session")
def client(project: Workspace) -> Iterator[Client]:
    """A client of the project, by the very transport that its server is tested with."""
    with client_of(project) as http, connect("http://127.0.0.1:7717", transport=http._transport) as made:
        yield made
