"""Referred Pain Explorer: documented referred-pain patterns of the head, neck, shoulder and upper back.

>>> from explorer import load_atlas
>>> atlas = load_atlas()
>>> atlas["sternocleidomastoid_sternal"].name
'Sternocleidomastoid, sternal division'

Units are millimetres, the frame is LPS; see :mod:`explorer.anatomy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explorer.atlas import Atlas as Atlas
    from explorer.errors import DataError as DataError
    from explorer.errors import ExplorerError as ExplorerError

__version__ = "0.1.0"
__all__ = ["Atlas", "DataError", "ExplorerError", "__version__", "load_atlas"]


def load_atlas(
    *, data: object = None, meshes: object = None, variant: str = "average", atlas: str | None = None
) -> Atlas:
    """Load the atlas: its records now, its shapes when they are asked for.

    Parameters
    ----------
    data : path-like or several, optional
        A folder with a ``datapackage.json`` is loaded in place of the one that comes with the package. Any other is a
        folder of a user's own additions, loaded beside ours; see :mod:`explorer.additions`. Several may be given.
    meshes : path-like, optional
        Another folder than the one that comes with the package.
    variant : str
        The body: ``average``, ``male``, ``female`` or ``older``; see :meth:`explorer.atlas.Atlas.variant`.
    atlas : str, optional
        Name of an atlas that was imported with ``referred-pain atlas import``; its shapes stand in place of ours.

    Raises
    ------
    DataError
        When a table breaks a rule (the message names file, row and column), or for an unknown variant.
    ExplorerError
        For an unknown atlas.
    """
    from explorer.atlas import load_atlas as load

    return load(data=data, meshes=meshes, variant=variant, atlas=atlas)


def __getattr__(name: str) -> object:
    if name == "Atlas":
        from explorer.atlas import Atlas

        return Atlas
    if name in ("DataError", "ExplorerError"):
        from explorer import errors

        return getattr(errors, name)
    raise AttributeError(f"module 'explorer' has no attribute {name!r}")
