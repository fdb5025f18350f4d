"""URLs judged by their text: images, which the provider fetches, and the first look at the rest."""

from collections.abc import Iterator

import pytest

from generations.fetching import UrlNotAllowed, check_public_url
from tests.generations.wire import Server, refusal, serving


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.mp3",
        "http://example.com:8080/x?y=z#f",
        "https://EXAMPLE.com/\u00fc",
        "https://\u4f8b\u3048.jp/\u753b\u50cf.png",
        "https://my_bucket.s3.amazonaws.com/x",
        "https://example.com./@user/a",
        "https://example.com?x=1",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]:8443/",
    ],
)
def test_public_urls_pass(url: str) -> None:
    requested = check_public_url(url)
    assert requested.isascii()
    assert check_public_url(requested) == requested


LOCAL_HOSTS = [
    *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0X7F.0.0.1", "0177.0.0.1", "127.0.0.1."),
    *("0", "0.0.0.0", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1"),
    *("168.63.129.16", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.192", "198.18.0.1"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fe80::1]"),
    *("[fe80::1%25eth0]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[64:ff9b::7f00:1]"),
    *("[2002:7f00:1::]", "[2001:db8::1]", "[5f00::1]", "[fd00:ec2::254]"),
    *("\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "127\uff0e0\uff0e0\uff0e1"),
    *("\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "127.0.0.\u00ad1", "%31%32%37.0.0.1"),
    *("localhost", "LOCALHOST.", "a.localhost", "\u24dbocalhost", "db.local", "router.home.arpa"),
    *("metadata.google.internal", "intranet", "com."),
]


@pytest.fixture(scope="module")
def local_server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.mark.parametrize("host", LOCAL_HOSTS)
def test_local_hosts_are_refused_in_any_notation(host: str, local_server: Server) -> None:
    with pytest.raises(UrlNotAllowed):
        check_public_url(f"http://{host}/")
    assert refusal(f"http://{host}:{local_server.port}/").code == "url_not_allowed"
    assert local_server.requests == []


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com", "//example.com/a", "ftp://example.com/", "file:///etc/passwd"),
        *("http:example.com", "http:/example.com", "http:///example.com", "http://", "http://?"),
        *("http://u:p@example.com/", "http://u@example.com/", "http://@example.com/"),
        *("http://example.com#@127.0.0.1/", "http://example.com\\@127.0.0.1/"),
        *("http://example.com:0/", "http://example.com:22/", "http://example.com:25/"),
        *("http://example.com:99999/", "http://example.com:-1/", "http://example.com:8o/"),
        *("http://exa mple.com/", " http://example.com/", "http://example.com/\r\nX: y"),
        *("http://exam\tple.com/", "http://example.com/\x00", "http://example.com/\u200b"),
        *("http://exa\ud800mple.com/", "http://example.com\u2028/"),
        *(
            "http://.example.com/",
            "http://example.com../",
            "http://ex!ample.com/",
            "http://a%2eb.com/",
        ),
        *("http://[::1", "http://[127.0.0.1]/", "http://[v1.abc]/", "http://1.2.3.4.5/"),
        *("http://256.1.1.1/", f"http://{'a' * 64}.com/", f"http://{'a.' * 127}com/"),
        f"http://example.com/{'a' * 2048}",
        f"http://example.com/{'\u00e9' * 400}",  # 2,400 characters when encoded
    ],
)
def test_urls_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(UrlNotAllowed):
        check_public_url(url)
    assert refusal(url).code == "url_not_allowed"
