"""What a page shows, read from its HTML as a browser's accessibility tree would have it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = {"meta", "line", "circle", "rect", "polyline", "path", "br", "input"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list = field(default_factory=list)

    @property
    def text(self) -> str:
        parts = (each if isinstance(each, str) else each.text for each in self.children)
        return "".join(parts).replace("\N{NO-BREAK SPACE}", " ")

    def all(self, *tags: str) -> list["Element"]:
        found = []
        for each in self.children:
            if isinstance(each, Element):
                found += [each] if each.tag in tags else []
                found += each.all(*tags)
        return found

    def one(self, id: str) -> "Element":
        found = [each for each in self.everything() if each.attributes.get("id") == id]
        assert len(found) == 1, f"{len(found)} elements are called {id!r}"
        return found[0]

    def everything(self) -> list["Element"]:
        own = [each for each in self.children if isinstance(each, Element)]
        return own + [inner for each in own for inner in each.everything()]

    def table(self) -> list[list[str]]:
        return [[cell.text for cell in row.all("th", "td")] for row in self.all("tr")]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.stack = [Element("document")]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs))
        self.stack[-1].children.append(element)
        if tag not in EMPTY:
            self.stack.append(element)

    def handle_startendtag(self, tag, attrs):
        self.stack[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack[-1].tag == tag, f"</{tag}> closes <{self.stack[-1].tag}>"
        self.stack.pop()

    def handle_data(self, data):
        self.stack[-1].children.append(data)


def read(html: str) -> Element:
    """The tree of a page; every element must be closed in its place."""
    reader = _Reader()
    reader.feed(html)
    assert len(reader.stack) == 1, f"not closed: {[each.tag for each in reader.stack[1:]]}"
    return reader.stack[0]
