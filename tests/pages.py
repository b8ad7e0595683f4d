"""Whether an HTML page stands on its own: well formed, no script, nothing fetched."""

from html.parser import HTMLParser

VOID = {"meta", "br", "img", "input", "link", "hr", "col", "source", "wbr", "base", "embed"}
LOADING = {"src", "srcset", "action", "data", "poster", "background", "formaction", "ping"}
BANNED = {"script", "iframe", "object", "embed", "link", "base", "form", "foreignobject", "image"}


class Page(HTMLParser):
    """Reads a page; `faults` are one sentence each, `ids` every id, `text` what is shown."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.counts: dict[str, int] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"{tag} is not closed" for tag in self._open]
        known = set(self.ids)
        self.faults += [f"{link} leads nowhere" for link in self.links if link[1:] not in known]
        if len(known) < len(self.ids):
            self.faults.append("an id is used twice")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._see(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._see(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open and self._open[-1] == "style" and ("@import" in data or "url(" in data):
            self.faults.append("a style fetches something")

    def _see(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag in BANNED:
            self.faults.append(f"<{tag}> has no place here")
        for name, given in attrs:
            value = given or ""
            if name == "id":
                self.ids.append(value)
            if name in LOADING or name.startswith("on"):
                self.faults.append(f"{tag} has {name}")
            if name in ("href", "xlink:href"):
                self.links.append(value)
                if not value.startswith("#"):
                    self.faults.append(f"{tag} leads to {value[:40]}")
            if "url(" in value and "url(#" not in value:
                self.faults.append(f"{tag} fetches {value[:40]}")
