"""Judge URLs and addresses: may we, or the provider for us, fetch this?

By the text alone, without DNS or network: right for images, which the provider fetches. Where we
connect ourselves, `guarded_http` also checks the address that it connects to.

Source of the rule: issue 2, "What bad input and bad luck get".
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import requests
from django.conf import settings

MAX_URL_LENGTH = 2048
NOT_PUBLIC = (
    "The URL does not lead to a public address. "
    "Put the file where anyone on the internet can fetch it."
)

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"(?!.{254})[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
# A last label that makes browsers and curl read the host as an IPv4 address (WHATWG's "ends in a
# number"). No top-level domain looks like that.
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Names that mean something local: RFC 6761, RFC 6762 appendix G, RFC 8375, and ICANN's .internal.
_LOCAL_SUFFIXES = (
    ".localhost",
    ".localdomain",
    ".local",
    ".internal",
    ".intranet",
    ".private",
    ".corp",
    ".home",
    ".lan",
    ".home.arpa",
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Azure's host agent answers on a public-looking address, but only from inside a virtual machine.
_AZURE_HOST = ipaddress.ip_address("168.63.129.16")


class UrlNotAllowed(ValueError):
    """The URL is not one that may be fetched. `str()` is a sentence for the customer."""


def check_public_url(url: str) -> str:
    """Return `url` as it will be requested (host in ASCII, path quoted), if it may be.

    Pass the result on rather than the original, so that nobody downstream reads it differently.

    Refused: schemes other than http(s), credentials, ports below 1024 other than 80 and 443 (nobody
    shall make us speak HTTP to a mail server), local names, and IP addresses that are not public or
    not in their canonical notation: 2130706433, 0x7f.1, 0177.0.0.1 and 127.1 are all loopback to
    some client. The exact host:port pairs in the setting `FETCH_ALLOWED_NETLOCS` pass.

    Raises `UrlNotAllowed`. A public-looking name may still have a private address: only
    `guarded_http` looks that up.
    """
    if not url or len(url) > MAX_URL_LENGTH:
        raise UrlNotAllowed(f"The URL must have between 1 and {MAX_URL_LENGTH} characters.")
    if not url.isprintable() or " " in url or "\\" in url:
        raise UrlNotAllowed("The URL must not contain spaces, control characters or backslashes.")
    if not re.match(r"https?://[^/?#]", url, re.IGNORECASE):
        raise UrlNotAllowed("The URL must begin with http:// or https:// and name a host.")
    # Up to the first slash, so that no parser's reading of "?" or "#" can hide a user name.
    authority = url.split("/", 3)[2]
    if "@" in authority:
        raise UrlNotAllowed("The URL must not contain a user name or password.")
    try:
        # Two that the normalisation below would smooth over, and other clients might not.
        if "%" in authority or urlsplit(url).port == 0:
            raise ValueError
        # requests' own normalisation: what is judged here is what its adapter connects to.
        requested = str(requests.Request("GET", url).prepare().url)
        parts = urlsplit(requested)
        host, port = parts.hostname or "", parts.port
    except (requests.RequestException, ValueError) as error:
        raise UrlNotAllowed("The URL is not valid.") from error
    if len(requested) > MAX_URL_LENGTH:  # what is kept is this form, up to six times as long
        raise UrlNotAllowed(f"The URL must have at most {MAX_URL_LENGTH} characters when encoded.")
    if not is_allowed_netloc(parts):
        if port is not None and port < 1024 and port not in _DEFAULT_PORTS.values():
            raise UrlNotAllowed("The URL's port must be 80, 443, or 1024 and above.")
        _check_host(host, bracketed="[" in parts.netloc)
    return requested


def is_allowed_netloc(parts: SplitResult) -> bool:
    """Whether the setting `FETCH_ALLOWED_NETLOCS` lists this host and port: the demo's sandbox."""
    host = f"[{parts.hostname}]" if "[" in parts.netloc else parts.hostname
    netloc = f"{host}:{parts.port or _DEFAULT_PORTS[parts.scheme]}"
    return netloc in getattr(settings, "FETCH_ALLOWED_NETLOCS", ())


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether `address` can be anyone's on the public internet.

    For IPv6 that is global unicast (RFC 4291: 2000::/3) or a public IPv4 address mapped into it:
    not IPv4-compatible, not NAT64, not site-local, nothing reserved.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        return address in _GLOBAL_UNICAST and address.is_global
    odd = address.is_multicast or address.is_reserved or address == _AZURE_HOST
    return address.is_global and not odd


def _check_host(host: str, *, bracketed: bool) -> None:
    name = host.removesuffix(".")
    try:
        if bracketed:
            public = is_public(ipaddress.IPv6Address(host))
        elif not _HOST_NAME.fullmatch(name):
            raise UrlNotAllowed("The URL's host name is not valid.")
        elif _NUMERIC_LABEL.fullmatch(name.rpartition(".")[2]):
            public = is_public(ipaddress.IPv4Address(name))
        else:
            public = "." in name and not f".{name}".endswith(_LOCAL_SUFFIXES)
    except ipaddress.AddressValueError as error:
        raise UrlNotAllowed("The URL's IP address is not in the usual notation.") from error
    if not public:
        raise UrlNotAllowed(NOT_PUBLIC)
