"""Where an error in a pattern is reported: an address that a person opens; nothing is sent by itself."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, metadata
from urllib.parse import quote

from explorer.errors import ExplorerError

#: names the address to use instead of the project's: https://..., or somebody@example.org
SETTING = "REFERRED_PAIN_REPORT_TO"
#: labels of [project.urls] under which a project names its tracker
LABELS = ("issues", "issue tracker", "bug tracker", "tracker")
#: stands in an address where the pattern's id goes
PLACE = "{pattern}"


def _project_address() -> str | None:
    try:
        entries = metadata("referred-pain-explorer").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    for entry in entries:
        label, _, address = entry.partition(", ")
        if label.lower() in LABELS:
            return str(address)
    return None


def report_address(subject: str) -> str:
    """The address for reporting an error, with ``{pattern}`` where the id goes.

    Parameters
    ----------
    subject : str
        Subject of the report; holds ``{pattern}``.

    Returns
    -------
    str
        The setting :data:`SETTING` where it is given, else the issue address of the project's metadata, else a mail
        without an address, which the reader fills in.

    Raises
    ------
    ExplorerError
        When the setting is neither a web nor a mail address.
    """
    title = quote(subject, safe="{}")
    setting = os.environ.get(SETTING, "").strip()
    if setting.startswith(("https://", "http://")):
        return _on_the_web(setting, title)
    if setting:
        local, at, domain = setting.removeprefix("mailto:").partition("@")
        if not (local and at and "." in domain and not set(setting) & set(" <>\"'&?{}")):
            raise ExplorerError(f"{SETTING} is {setting[:60]!r}; give https://... or name@example.org")
        return f"mailto:{local}@{domain}?subject={title}"
    project = _project_address()
    return _on_the_web(project, title) if project else f"mailto:?subject={title}"


def _on_the_web(address: str, title: str) -> str:
    if PLACE in address:
        return address
    new = "/new" if address.rstrip("/").endswith("/issues") else ""
    return f"{address.rstrip('/')}{new}{'&' if '?' in address else '?'}title={title}"
