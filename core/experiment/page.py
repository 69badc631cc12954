"""A page in HTML and in Markdown, of headings, sentences, tables and figures; no script in it."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c1c1c; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0.2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.quiet, figcaption, li.quiet { color: #555; font-size: 0.9rem; }
table { border-collapse: collapse; font-size: 0.88rem; display: block; overflow-x: auto; }
th, td { padding: 0.25rem 0.6rem; text-align: right; border-bottom: 1px solid #e2e2e2;
  white-space: nowrap; }
th { border-bottom: 2px solid #999; } th:first-child, td:first-child { text-align: left; }
tr.failed td { color: #a40000; text-align: left; white-space: normal; }
figure { margin: 1rem 0; } img { max-width: 100%; }
"""


class Page:
    """Built from top to bottom; `text` is the whole in HTML, `markdown` the same."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._parts: list[str] = [f"<h1>{html.escape(title)}</h1>"]
        self._plain: list[str] = [f"# {title}"]

    def heading(self, words: str) -> None:
        self._parts.append(f"<h2>{html.escape(words)}</h2>")
        self._plain.append(f"## {words}")

    def sentence(self, words: str, *, quiet: bool = False) -> None:
        kind = ' class="quiet"' if quiet else ""
        self._parts.append(f"<p{kind}>{html.escape(words)}</p>")
        self._plain.append(words)

    def items(self, sentences: Iterable[str], *, quiet: bool = False) -> None:
        kind = ' class="quiet"' if quiet else ""
        told = list(sentences)
        if told:
            lines = "".join(f"<li{kind}>{html.escape(one)}</li>" for one in told)
            self._parts.append(f"<ul>{lines}</ul>")
            self._plain.append("\n".join(f"- {one}" for one in told))

    def figure(self, file: str, words: str) -> None:
        name, caption = html.escape(file), html.escape(words)
        self._parts.append(
            f'<figure><img src="{name}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'
        )
        self._plain.append(f"![{words}]({file})")

    def picture(self, svg: bytes, words: str) -> None:
        """A figure that is in the page itself; in Markdown its words alone."""
        data, caption = base64.b64encode(svg).decode(), html.escape(words)
        self._parts.append(
            f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{caption}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
        self._plain.append(words)

    def table(self, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        rows = list(rows)
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heading)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        lines = [heading, ["---"] * len(heading), *rows]
        self._plain.append(
            "\n".join(f"| {' | '.join(c.replace('|', '/') for c in line)} |" for line in lines)
        )
        self._parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")

    @property
    def markdown(self) -> bytes:
        return ("\n\n".join(self._plain) + "\n").encode()

    @property
    def text(self) -> bytes:
        body = "\n".join(self._parts)
        return (
            '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{html.escape(self._title)}</title><style>{_STYLE}</style></head>\n"
            f"<body>\n{body}\n</body>\n</html>\n"
        ).encode()
