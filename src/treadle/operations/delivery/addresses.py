"""Which addresses a message may be sent to: the open internet, and private networks only where that is allowed.

Whoever may write a channel's address must not be able to make this machine ask others that only it can reach.
Source: OWASP, "Server-Side Request Forgery Prevention Cheat Sheet"; the IANA special-purpose address registries.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds answer a machine's questions about itself, with its credentials: never a webhook, whatever is allowed.
METADATA = frozenset(
    map(
        ipaddress.ip_address,
        (
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd00:ec2::23",
        ),
    )
)
_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")  # Python before 3.11.10 takes most of it for the open internet
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")


def refusal(address: str, *, allow_private: bool) -> str:
    """Why nothing is sent to an address; empty when it may be.

    >>> refusal("93.184.216.34", allow_private=False), refusal("::ffff:10.0.0.1", allow_private=False)
    ('', 'private')
    >>> refusal("10.0.0.1", allow_private=True), refusal("169.254.169.254", allow_private=True)
    ('', "a cloud's metadata")
    """
    for each in _meant(ipaddress.ip_address(address.partition("%")[0])):
        if each in METADATA:
            return "a cloud's metadata"
        if each.is_multicast or each == ipaddress.IPv4Address("255.255.255.255"):
            return "for many"
        if each.is_unspecified:
            return "no address"
        why = "" if allow_private else _private(each)
        if why:
            return why
    return ""


def _private(address: Address) -> str:
    if address.is_loopback:
        return "this machine"
    if address.is_link_local:
        return "link-local"
    old = address in _PROTOCOLS or (isinstance(address, ipaddress.IPv6Address) and address.is_site_local)
    return "" if address.is_global and not address.is_reserved and not old else "private"


def _meant(address: Address) -> list[Address]:
    """The address and every IPv4 address wrapped up in it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped is not None or address in _NAT64:
        return [low]  # the wrapping has no meaning of its own
    old_form = int(address) >> 32 == 0 and int(address) > 1  # "IPv4-compatible"
    inner = [address.sixtofour, *(address.teredo or ()), low if old_form or address in _NAT64_LOCAL else None]
    return [address, *(each for each in inner if each is not None)]
