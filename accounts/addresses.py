"""Network addresses: whose request it is, and whether a key may be used from there."""

import ipaddress
from collections.abc import Iterable, Sequence

from accounts.errors import DomainError, InvalidMember

MOST_NETWORKS = 50
IPV6_SITE = 64
"""A household or a server has a whole /64: its addresses are one caller's."""


class InvalidNetworks(InvalidMember):
    code = "invalid_networks"
    member = "allowed_networks"


class NetworkNotAllowed(DomainError):
    code = "network_not_allowed"


def client_address(remote: str, forwarded_for: str, *, proxies: int) -> str | None:
    """Who is at the other end, behind a known number of our own proxies.

    Each proxy appends to `X-Forwarded-For` whom it was talking to, so only the last `proxies`
    entries are ours; what stands before them is whatever the client has written.

    Args:
        remote: the connection's other end; "" for a local socket.
        forwarded_for: the whole `X-Forwarded-For`, "" for none.
        proxies: how many of them stand in front of us (the setting TRUSTED_PROXIES).

    Returns:
        The address in its one canonical form, or None where it cannot be known: a request that
        did not come through all of the proxies.
    """
    chain = [entry.strip() for entry in forwarded_for.split(",") if entry.strip()]
    chain.append(remote.strip())
    return _canonical(chain[-1 - proxies]) if len(chain) > proxies else None


def _canonical(text: str) -> str | None:
    """Some proxies add the port; IPv4 in IPv6 is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def site(address: str | None) -> str:
    """What one caller can have as many of as it likes, as one name: an IPv4, or an IPv6's /64."""
    if address is None:
        return "unknown"
    if ":" in address:
        return str(ipaddress.ip_network(f"{address}/{IPV6_SITE}", strict=False))
    return address


def networks(texts: Iterable[str]) -> list[str]:
    """Networks in CIDR notation, each in its canonical form and once.

    Raises:
        InvalidNetworks: one is no network, or has bits set beyond its prefix, or they are too many.
    """
    found: dict[str, None] = {}
    for text in texts:
        try:
            if "%" in text:  # an interface of one machine, which no request's address names
                raise ValueError
            found[str(ipaddress.ip_network(text.strip()))] = None
        except ValueError as error:
            shown = text.strip()[:50].encode("ascii", "replace").decode()
            raise InvalidNetworks(
                f"{shown!r} is no network such as 203.0.113.0/24 or 2001:db8::/48."
                + (" It has bits set beyond its prefix." if "host bits" in str(error) else "")
            ) from None
    if len(found) > MOST_NETWORKS:
        raise InvalidNetworks(f"A key has at most {MOST_NETWORKS} networks.")
    return list(found)


def is_within(address: str | None, allowed: Sequence[str]) -> bool:
    """Whether the address is in one of the networks; without any, every address is."""
    if not allowed:
        return True
    if address is None:
        return False
    found = ipaddress.ip_address(address)
    return any(found in ipaddress.ip_network(network) for network in allowed)


def covers(allowed: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether every network wanted lies within those allowed (none allowed: all are)."""
    if not allowed:
        return True
    outer = [ipaddress.ip_network(network) for network in allowed]
    inner = [ipaddress.ip_network(network) for network in wanted]
    return bool(inner) and all(
        any(one.version == other.version and one.subnet_of(other) for other in outer)  # type: ignore[arg-type]
        for one in inner
    )
