"""Join the browser's modules into one text that any host can load: a page, a notebook cell, a single file.

The modules keep to a small part of the language (a test says so): imports of names from ``./other.js`` and
exports of declarations. Each becomes a function that returns what it exports.
"""

from __future__ import annotations

import re
from pathlib import Path

from explorer import folders
from explorer.errors import ExplorerError

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z_]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


def _order(modules: dict[str, str], name: str, done: list[str], path: tuple[str, ...] = ()) -> None:
    """Put a module after everything it imports."""
    if name in done:
        return
    if name in path:
        raise ExplorerError(f"browser modules import each other in a circle: {' -> '.join((*path, name))}")
    if name not in modules:
        raise ExplorerError(f"browser/{path[-1]}.js imports ./{name}.js, which does not exist")
    for _, needed in _IMPORT.findall(modules[name]):
        _order(modules, needed, done, (*path, name))
    done.append(name)


def _wrap(name: str, source: str) -> str:
    imports = [f"const {{ {names.strip().rstrip(',')} }} = ${module};" for names, module in _IMPORT.findall(source)]
    exports = _EXPORT.findall(source)
    body = re.sub(r"^export (?=(?:async )?(?:function|const|class) )", "", _IMPORT.sub("", source), flags=re.MULTILINE)
    left = _LEFT.search(body)
    if left:
        raise ExplorerError(
            f"browser/{name}.js: only imports of names from ./module.js and exports of declarations are bundled: {left[0]}"
        )
    return (
        f"const ${name} = (() => {{\n" + "\n".join(imports) + f"\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();\n"
    )


def bundle(folder: Path = folders.BROWSER, entry: str = "main") -> str:
    """All modules that the entry needs, as one ES module that exports what the entry exports.

    Raises
    ------
    ExplorerError
        When a module uses what cannot be bundled, is missing, or imports run in a circle.
    """
    modules = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.js"))}
    order: list[str] = []
    _order(modules, entry, order)
    exports = _EXPORT.findall(modules[entry])
    parts = [_wrap(name, modules[name]) for name in order]
    parts += [f"export const {{ {', '.join(exports)} }} = ${entry};\n"]
    return "".join(parts)
