"""Ports are taken with a clear word when they cannot be."""

from __future__ import annotations

import socket

import pytest

from treadle.errors import InvalidInput, Unavailable
from treadle.operations import bind, check_free
from treadle.operations.ports import SHARES_PORTS


def test_a_free_port_is_bound_and_a_taken_one_is_told() -> None:
    with bind("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"Port {port} on 127\.0\.0\.1 is in use") as caught:
            check_free("127.0.0.1", port)
        assert caught.value.field == "port"
    check_free("127.0.0.1", port)


@pytest.mark.skipif(not SHARES_PORTS, reason="ports are shared on Linux only")
def test_a_shared_port_is_bound_by_several_and_by_nobody_who_does_not_share() -> None:
    with bind("127.0.0.1", 0, shared=True) as first:
        port = first.getsockname()[1]
        with bind("127.0.0.1", port, shared=True) as second:
            second.listen()
            with pytest.raises(Unavailable):
                bind("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "field"),
    [
        ("no such host.invalid", 0, "host"),
        ("192.0.2.1", 0, "host"),
        ("127.0.0.1", 70_000, "port"),
        ("127.0.0.1", -1, "port"),
        ("x" * 70, 0, "host"),
    ],
)
def test_addresses_and_ports_there_are_not(host: str, port: int, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        bind(host, port)
    assert caught.value.field == field


def test_a_port_of_the_system_may_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, where: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("treadle.operations.ports.socket.socket", type("Refusing", (socket.socket,), {"bind": refuse}))
    with pytest.raises(Unavailable, match="Choose one above 1023"):
        bind("127.0.0.1", 80)
