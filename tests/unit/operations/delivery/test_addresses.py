"""Which addresses are asked."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.operations.delivery.addresses import refusal

PRIVATE = [
    "127.0.0.1",
    "127.255.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "192.0.0.8",
    "240.0.0.1",
    "0.0.0.1",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "2002:a00:1::",
    "::10.0.0.1",
    "fe80::1%eth0",
]
NEVER = [
    "192.0.0.192",
    "0.0.0.0",
    "::",
    "255.255.255.255",
    "224.0.0.1",
    "239.1.1.1",
    "ff02::1",
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
]
OPEN = ["93.184.216.34", "8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE + NEVER)
def test_private_addresses_are_refused(address: str) -> None:
    assert refusal(address, allow_private=False)


@pytest.mark.parametrize("address", NEVER)
def test_some_are_refused_whatever_is_allowed(address: str) -> None:
    assert refusal(address, allow_private=True)


@pytest.mark.parametrize("address", OPEN)
def test_the_open_internet_is_open(address: str) -> None:
    assert not refusal(address, allow_private=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "fd12:3456::1", "::ffff:192.168.0.1"])
def test_private_ones_may_be_allowed(address: str) -> None:
    assert not refusal(address, allow_private=True)


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_up_opens_nothing(address: ipaddress.IPv4Address) -> None:
    plain = refusal(str(address), allow_private=False)
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{int(address) >> 16:x}:{int(address) & 0xFFFF:x}"):
        assert bool(refusal(wrapped, allow_private=False)) >= bool(plain)
