"""The pages around the explorer, as text: patterns, sources, about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from explorer import __version__
from explorer.build.sources import read_sources

if TYPE_CHECKING:
    from explorer.atlas import Atlas
    from explorer.records import Pattern

PAGES = ("./", "patterns", "sources", "about")


class Pages:
    """Renders the text pages of one atlas.

    Parameters
    ----------
    atlas : Atlas
    site_sheet : str
        Address of the style sheet.
    """

    def __init__(self, atlas: Atlas, site_sheet: str) -> None:
        self.atlas = atlas
        self.site_sheet = site_sheet
        self._environment = Environment(
            loader=PackageLoader("explorer", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def text(self, key: str, **values: Any) -> str:
        """A text of the interface in English, filled."""
        text = self.atlas.dataset.texts["en"][key]
        return re.sub(r"\{([a-z_]+)\}", lambda found: str(values[found[1]]), text)

    def head(self, here: str) -> str:
        """The page's header with the way to the other pages."""
        return self._environment.get_template("layout.html").render(t=self.text, pages=PAGES, here=here)

    def render(self, name: str) -> str:
        """One of :data:`PAGES` as HTML (not the explorer itself)."""
        data = self.atlas.dataset
        references = sorted(data.references.values(), key=lambda r: (r.authors.lower(), r.year))
        credits = dict.fromkeys(f"{row.credit} ({row.licence})" for row in read_sources(self.atlas.meshes))
        return self._environment.get_template(f"{name}.html").render(
            t=self.text,
            pages=PAGES,
            here=name,
            title=f"{self.text('page.' + name)} - {self.text('app.name')}",
            site_sheet=self.site_sheet,
            structures=list(self.atlas),
            patterns=list(data.patterns.values()),
            points=data.trigger_points,
            grades=data.grades,
            references=references,
            verified=sum(reference.status == "verified" for reference in references),
            red_flags=data.red_flags,
            credits=list(credits),
            version=data.version,
            code_version=__version__,
            reach=self._reach,
        )

    def _reach(self, pattern: Pattern, role: str) -> str:
        areas = self.atlas.dataset.areas
        names = [
            areas[row.area_id].name + ("" if row.side == "same" else f" ({self.text('side_rule.' + row.side)})")
            for row in pattern.areas
            if row.role == role
        ]
        return "; ".join(names)
