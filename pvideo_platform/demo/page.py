"""A page as a browser without JavaScript has it: its text, links and forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from pvideo_platform.demo.failure import DemoFailure

_PRESSED = ("submit", "image", "button", "reset")
_TICKED = ("checkbox", "radio")
_WITHOUT_TEXT = ("script", "style", "title", "template")

Field = tuple[str, str]
"""Name and value."""


@dataclass
class Form:
    """One form.

    Attributes:
        action: absolute.
        fields: what is sent when nothing is changed, without buttons.
        names: of all fields, also those that are not ticked.
        buttons: those with a name.
    """

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    buttons: list[Field] = field(default_factory=list)

    def filled(self, values: dict[str, str], press: Field | None) -> list[Field]:
        """What is sent with `values` typed in and a button pressed.

        Raises:
            DemoFailure: the form has no such field or button.
        """
        unknown = values.keys() - self.names
        if unknown or (press and press not in self.buttons):
            raise DemoFailure(
                f"The form that goes to {self.action} has no {unknown or press}: it has the fields "
                f"{sorted(self.names)} and the buttons {self.buttons}"
            )
        kept = [(name, value) for name, value in self.fields if name not in values]
        return [*kept, *values.items(), *([press] if press else [])]


class Page:
    """What a request was answered with.

    Attributes:
        url: where it came from, after all redirects.
    """

    def __init__(self, *, url: str, status: int, headers: dict[str, str], body: bytes) -> None:
        self.url = url
        self.status = status
        self.headers = headers
        self.body = body
        self._reader = _Reader(url)
        if headers.get("content-type", "").startswith("text/html"):
            self._reader.feed(body.decode())
            self._reader.close()

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def text(self) -> str:
        """What a person reads, with single spaces."""
        return " ".join(" ".join(self._reader.text).split())

    @property
    def links(self) -> list[Field]:
        """Text and absolute address of each link."""
        return [(" ".join(text.split()), url) for text, url in self._reader.links]

    def form(self, path: str) -> Form:
        """The form that goes to this path. Raises: DemoFailure when there is none."""
        for form in self._reader.forms:
            if urlsplit(form.action).path == path:
                return form
        raise DemoFailure(f"The page {self.url} has no form that goes to {path}: {self}")

    def value(self, element_id: str) -> str:
        """What the field with this id holds. Raises: DemoFailure when there is none."""
        try:
            return self._reader.values[element_id]
        except KeyError:
            raise DemoFailure(f"The page {self.url} has no field {element_id}: {self}") from None

    def __str__(self) -> str:
        return f"{self.status} {(self.text or self.body.decode(errors='replace'))[:500]}"


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.text: list[str] = []
        self.links: list[Field] = []
        self.forms: list[Form] = []
        self.values: dict[str, str] = {}
        self._form: Form | None = None
        self._link: str | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _WITHOUT_TEXT:
            self._silent += 1
        elif tag == "a" and "href" in given:
            self._link = urljoin(self._url, given["href"])
            self.links.append(("", self._link))
        elif tag == "form":
            action = urljoin(self._url, given.get("action", ""))
            self._form = Form(action, given.get("method", "get").upper())
            self.forms.append(self._form)
        elif tag in ("input", "button"):
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "submit" if tag == "button" else "text")
        name, value = given.get("name", ""), given.get("value", "")
        if "id" in given:
            self.values[given["id"]] = value
        if self._form is None or not name:
            return
        if kind in _PRESSED:
            self._form.buttons.append((name, value))
            return
        self._form.names.add(name)
        if kind in _TICKED:
            value = given.get("value", "on")
        if kind not in _TICKED or "checked" in given:
            self._form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag in _WITHOUT_TEXT:
            self._silent -= 1
        elif tag == "form":
            self._form = None
        elif tag == "a":
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.text.append(data)
        if self._link is not None:
            text, url = self.links[-1]
            self.links[-1] = (f"{text}{data}", url)
