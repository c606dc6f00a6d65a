"""The atlas: records and shapes under one roof."""

from __future__ import annotations

import csv
from collections.abc import Container, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer import folders, matching
from explorer.additions import load_data
from explorer.dataset import Dataset
from explorer.errors import DataError, unknown
from explorer.records import PAIRED_SIDES, SIDES, Structure, origin
from explorer.shelf import OURS, Credit, Kept, find

if TYPE_CHECKING:
    import numpy as np
    import trimesh
    from numpy.typing import NDArray

    from explorer.anatomy.meshio import Mesh
    from explorer.anatomy.painting import Canvas
    from explorer.anatomy.variant import Carrier
    from explorer.anatomy.weights import Weights

    Floats = NDArray[np.float64]

#: folders of shapes under ``meshes/``
FOLDERS = ("muscles", "joints", "nerves", "bones", "deep")
#: the body that the shapes are built for, and the other bodies, files in ``meshes/variants``
AVERAGE = "average"
VARIANTS = "variants"


class Atlas:
    """Records of one data folder and shapes of one mesh folder; immutable.

    Parameters
    ----------
    dataset : Dataset
    meshes : Path
        Built files; read when asked for.
    name : str
        Of the shapes: ``default``, or that of an imported atlas.
    body : str
        ``average``, or one of :attr:`variants`, whose shapes are those of the average body carried over.
    own : Kept, optional
        A user's own atlas, whose shapes stand in place of ours where it has them; see :mod:`explorer.bring`.
    """

    def __init__(
        self, dataset: Dataset, meshes: Path, name: str = "default", body: str = AVERAGE, own: Kept | None = None
    ) -> None:
        self.dataset = dataset
        self.meshes = meshes
        self.name = own.name if own else name
        self.body = body
        self.own = own
        if body != AVERAGE and body not in self.variants:
            raise DataError(unknown("variant", body, (AVERAGE, *self.variants)))

    def __repr__(self) -> str:
        return (
            f"<Atlas {self.name!r}: {len(self.dataset.structures)} structures, {len(self.dataset.patterns)} patterns>"
        )

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """Names of the other bodies that this atlas can be shown on."""
        return tuple(sorted(path.stem for path in (self.meshes / VARIANTS).glob("*.npz")))

    def variant(self, body: str) -> Atlas:
        """The same atlas on another body.

        Records, patterns and the vertices they are painted on are the same; shapes and trigger points are carried
        over. Sizes of areas, and so matches, stay those of the average body.

        Parameters
        ----------
        body : str
            ``average``, or one of :attr:`variants`.

        Raises
        ------
        DataError
            When there is no such body.
        """
        return self if body == self.body else Atlas(self.dataset, self.meshes, self.name, body, self.own)

    @cached_property
    def _carrier(self) -> Carrier | None:
        """What carries shapes of the average body into this one."""
        if self.body == AVERAGE:
            return None
        from explorer.anatomy.variant import Carrier, load_variant

        return Carrier(self._average_skin, load_variant(self.meshes / VARIANTS / f"{self.body}.npz"))

    @property
    def structures(self) -> tuple[Structure, ...]:
        """All structures, in the order of the table."""
        return tuple(self.dataset.structures.values())

    def __getitem__(self, structure_id: str) -> Structure:
        return self.dataset.structure(structure_id)

    def __iter__(self) -> Iterator[Structure]:
        return iter(self.structures)

    def __len__(self) -> int:
        return len(self.dataset.structures)

    @cached_property
    def skin(self) -> trimesh.Trimesh:
        """The skin, mm, LPS; weights belong to its vertices."""
        return _to_trimesh(self.skin_mesh)

    @cached_property
    def skin_mesh(self) -> Mesh:
        """The skin with what is kept for its vertices: ``mirror`` and ``base_vertex``."""
        return self._carrier.skin if self._carrier else self._average_skin

    @cached_property
    def _average_skin(self) -> Mesh:
        from explorer.anatomy.meshio import load_mesh

        return load_mesh(self.meshes / "skin.npz")

    @cached_property
    def eye_mesh(self) -> Mesh:
        """The left eye, which stands open in the lids of the skin."""
        from explorer.anatomy.meshio import load_mesh

        mesh = load_mesh(self.meshes / "eye.npz")
        return self._carrier.eye(mesh) if self._carrier else mesh

    def mesh(self, structure_id: str, side: str = "left") -> trimesh.Trimesh:
        """The shape of a muscle, a muscle group, a bone or a deep area.

        Parameters
        ----------
        structure_id : str
        side : {'left', 'right', 'midline'}

        Returns
        -------
        trimesh.Trimesh
            Closed, wound outward; mm, LPS.

        Raises
        ------
        DataError
            When there is no such shape on that side.
        """
        import trimesh

        structure = self.dataset.structures.get(structure_id)
        if structure is not None and structure.members:
            return trimesh.util.concatenate([self.mesh(member, side) for member in structure.members])
        midline = self._check_side(structure_id, side)
        return _to_trimesh(self._shape(structure_id, "left" if midline else side))

    def deep_mesh(self, area_id: str, side: str = "left") -> Mesh | None:
        """The closed shape of a deep area, or None for an area that lies on the skin."""
        if area_id not in self.shape_ids("deep"):
            return None
        mesh = self._shape(area_id)
        return mesh.mirrored() if side == "right" else mesh

    def _check_side(self, shape_id: str, side: str) -> bool:
        """Check the side of a shape; True when it lies on the midline."""
        record = self.dataset.structures.get(shape_id) or self.dataset.bones.get(shape_id)
        allowed = ("midline",) if record is not None and record.pairing == "midline" else PAIRED_SIDES
        if side not in allowed:
            raise DataError(f"{shape_id}: side {side!r} is not one of its sides: {', '.join(allowed)}")
        return allowed == ("midline",)

    def _shape(self, shape_id: str, side: str = "left") -> Mesh:
        mesh = self.average_shape(shape_id, side)
        return self._carrier.mesh(mesh) if self._carrier else mesh

    def average_shape(self, shape_id: str, side: str = "left") -> Mesh:
        """The shape of a muscle, bone or deep area in the average body.

        Parameters
        ----------
        shape_id : str
        side : {'left', 'right'}
            ``left`` also for what lies on the midline.

        Raises
        ------
        DataError
            When there is no such shape.
        """
        from explorer.anatomy.meshio import load_mesh

        for folder in FOLDERS:
            if shape_id in self.shape_ids(folder):
                own = self.own.path(folder, shape_id, side) if self.own else None
                if own is not None:
                    return load_mesh(own)
                mesh = load_mesh(self.meshes / folder / f"{shape_id}.npz")
                return mesh.mirrored() if side == "right" else mesh
        known = [name for folder in FOLDERS for name in self.shape_ids(folder)]
        if shape_id in self.dataset.structures:
            raise DataError(f"structure {shape_id!r} has no shape of its own in the atlas {self.name!r}")
        raise DataError(unknown("shape", shape_id, known))

    def shape_origin(self, shape_id: str) -> str:
        """Whose shape is shown for a structure or a bone of an own atlas.

        Returns
        -------
        str
            ``theirs``, ``ours``, ``both`` (some members), or empty where there is no own atlas or no shape.
        """
        if self.own is None:
            return ""
        structure = self.dataset.structures.get(shape_id)
        members = structure.members if structure is not None and structure.members else (shape_id,)
        found = {
            "theirs" if self.own.path(folder, member) else "ours"
            for member in members
            for folder in FOLDERS
            if member in self.shape_ids(folder)
        }
        return "both" if len(found) == 2 else next(iter(found), "")

    def credits(self) -> tuple[Credit, ...]:
        """Credits of an own atlas, every one of which must be shown wherever its shapes are; empty without one."""
        return self.own.credits if self.own else ()

    def breaches(self, what: str = "picture") -> tuple[str, ...]:
        """Conditions of an own atlas that an export must say, or that forbid it; see :meth:`explorer.shelf.Kept.breaches`."""
        return self.own.breaches(what) if self.own else ()

    def shape_ids(self, folder: str) -> tuple[str, ...]:
        """Ids of the built shapes of one kind, a folder of :data:`FOLDERS`."""
        return tuple(sorted(path.stem for path in (self.meshes / folder).glob("*.npz")))

    @cached_property
    def trigger_point_places(self) -> dict[str, tuple[float, float, float]]:
        """Trigger point id -> its place on the left side, mm, LPS."""
        with open(self.meshes / "trigger_points.csv", encoding="utf-8", newline="") as file:
            places = {
                row["trigger_point_id"]: (float(row["x_mm"]), float(row["y_mm"]), float(row["z_mm"]))
                for row in csv.DictReader(file)
            }
        places |= self._added_places(places)
        if self.own:
            places |= {name: place for (name, side), place in self.own.points.items() if side == "left"}
        return self._carried(places)

    @cached_property
    def right_places(self) -> dict[str, tuple[float, float, float]]:
        """Trigger point id -> its place on the right side, mm, LPS: the mirror image, save in an own atlas."""
        places = {name: (-x, y, z) for name, (x, y, z) in self.trigger_point_places.items()}
        own = self.own.points if self.own else {}
        return places | self._carried({name: place for (name, side), place in own.items() if side == "right"})

    def _carried(self, places: dict[str, tuple[float, float, float]]) -> dict[str, tuple[float, float, float]]:
        """Places of the average body in this one."""
        if not self._carrier or not places:
            return places
        import numpy as np

        carried = self._carrier.carry(np.array(list(places.values())))
        return {name: (float(x), float(y), float(z)) for name, (x, y, z) in zip(places, carried, strict=True)}

    def _added_places(self, known: Container[str]) -> dict[str, tuple[float, float, float]]:
        """Places of trigger points that were added after the build, in muscles that have a shape."""
        from explorer.anatomy.canvas import place_in_muscle

        out = {}
        for point in self.dataset.trigger_points.values():
            shape = point.part_id or point.structure_id
            if point.origin and point.id not in known and shape in self.shape_ids("muscles"):
                x, y, z = place_in_muscle(self._shape(shape), point.along, point.across)
                out[point.id] = (float(x), float(y), float(z))
        return out

    @cached_property
    def pattern_weights(self) -> Weights:
        """Painted patterns of the left side, layers ``<pattern>/core`` and ``<pattern>/spillover``."""
        from explorer.anatomy.painting import paint_pattern
        from explorer.anatomy.weights import joined, load_weights, pack

        kept = load_weights(self.meshes / "pattern_weights.npz")
        added: dict[str, Floats] = {}
        for pattern in self.dataset.patterns.values():
            if pattern.origin:
                own = [shape for shape in self.dataset.pattern_shapes if shape.pattern_id == pattern.id]
                core, spillover = paint_pattern(self._canvas, own)
                added |= {f"{pattern.id}/core": core, f"{pattern.id}/spillover": spillover}
        return joined(kept, pack(added, kept.topology)) if added else kept

    @cached_property
    def area_weights(self) -> Weights:
        """Drawn areas of the left side, layers by area id."""
        from explorer.anatomy.painting import paint_area
        from explorer.anatomy.weights import joined, load_weights, pack

        kept = load_weights(self.meshes / "area_weights.npz")
        added: dict[str, Floats] = {}
        for area in self.dataset.areas:
            own = [shape for shape in self.dataset.area_shapes if shape.area_id == area]
            if origin(area) and own:
                added[area] = paint_area(self._canvas, own)
        return joined(kept, pack(added, kept.topology)) if added else kept

    @cached_property
    def _canvas(self) -> Canvas:
        """What additions are painted on, once they are needed."""
        from explorer.anatomy.canvas import load_canvas

        return load_canvas(self.meshes)

    @cached_property
    def _mirror(self) -> NDArray[np.int64]:
        import numpy as np

        return self.skin_mesh.values["mirror"].astype(np.int64)

    def paint(self, pattern_id: str, side: str = "left") -> tuple[Floats, Floats]:
        """How a pattern is painted on the skin.

        Parameters
        ----------
        pattern_id : str
        side : {'left', 'right', 'midline'}
            Side of the structure that refers the pain.

        Returns
        -------
        core, spillover : (n,) float
            0..1 on the vertices of :attr:`skin`; 0.5 on the drawn outline.
        """
        import numpy as np

        pattern = self.dataset.pattern(pattern_id)
        if side not in self.dataset.structures[pattern.structure_id].sides:
            allowed = ", ".join(self.dataset.structures[pattern.structure_id].sides)
            raise DataError(f"{pattern_id}: side {side!r} is not one of its sides: {allowed}")
        core = self.pattern_weights.layer(f"{pattern_id}/core")
        spillover = self.pattern_weights.layer(f"{pattern_id}/spillover")
        spillover = np.minimum(spillover, 1.0 - core)  # kept bytes may add up to one too many
        return (core[self._mirror], spillover[self._mirror]) if side == "right" else (core, spillover)

    def paint_area(self, area_id: str, side: str = "left") -> Floats:
        """(n,) where a named area lies on the skin, 0..1; zero for an area that has no place there."""
        import numpy as np

        if area_id not in self.dataset.areas:
            raise DataError(unknown("area", area_id, self.dataset.areas))
        if side not in SIDES:
            raise DataError(unknown("side", side, SIDES))
        if area_id not in self.area_weights:
            return np.zeros(self.area_weights.vertex_count)
        left = self.area_weights.layer(area_id)
        if side == "midline":
            return np.asarray(np.maximum(left, left[self._mirror]))
        return left if side == "left" else left[self._mirror]

    @cached_property
    def area_sizes_mm2(self) -> dict[str, float]:
        """Size of each area on one side of the average body, mm2; ``DEEP_AREA_MM2`` for one that is not on the skin."""
        from explorer.anatomy.surface import Surface

        per_vertex = Surface(self._average_skin.vertices, self._average_skin.faces).vertex_areas
        out = {}
        for area in self.dataset.areas:
            size = float(self.area_weights.layer(area) @ per_vertex) if area in self.area_weights else 0.0
            out[area] = size or matching.DEEP_AREA_MM2
        return out

    @cached_property
    def scorer(self) -> matching.Scorer:
        """Scores drawings against all patterns; made when first asked for."""
        from explorer.anatomy.surface import Surface

        sizes = Surface(self.skin_mesh.vertices, self.skin_mesh.faces).vertex_areas
        return matching.Scorer(self.dataset, self.pattern_weights, self.area_weights, self._mirror, sizes)

    def match(
        self,
        areas: Iterable[tuple[str, str | None] | str] | None = None,
        *,
        weights: Floats | None = None,
        side: str | None = None,
        features: Iterable[str] = (),
        limit: int | None = None,
    ) -> list[matching.Match]:
        """Rank the documented patterns by how well their maps cover a drawing of pain.

        Parameters
        ----------
        areas : iterable of (area id, side) or area id, optional
            An area without a side means one side that is left open; ``midline`` means both.
        weights : (n,) float, optional
            Pain painted on the vertices of :attr:`skin`, 0..1; areas and paint together are one drawing.
        side : {'left', 'right'}, optional
            Patterns of structures on this side move up by a step.
        features : iterable of str
            Ids of ``features.csv``; patterns that document them move up by a step each.
        limit : int, optional
            Only so many rows.

        Returns
        -------
        list of Match
            Best first. See :mod:`explorer.matching` for the score. It ranks maps, not causes.

        Raises
        ------
        DataError
            For an unknown area, side or feature, for weights that do not belong to this skin or are no numbers
            from 0 to 1, and for an empty drawing.
        """
        wanted = tuple(dict.fromkeys(features))
        for name in wanted:
            if name not in self.dataset.features:
                raise DataError(unknown("feature", str(name), self.dataset.features))
        if side is not None and side not in PAIRED_SIDES:
            raise DataError(unknown("side", str(side), PAIRED_SIDES))
        drawn = [] if areas is None and weights is not None else matching.read_places(areas or (), self.dataset.areas)
        open_sides = PAIRED_SIDES if any(own is None for _, own in drawn) else PAIRED_SIDES[:1]
        sketches = [self.scorer.sketch([(area, own or free) for area, own in drawn], weights) for free in open_sides]
        return self.scorer.rank(sketches, wanted, side, limit)


def _to_trimesh(mesh: Mesh) -> trimesh.Trimesh:
    import trimesh

    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


def load_atlas(*, data: Any = None, meshes: Any = None, variant: str = AVERAGE, atlas: str | None = None) -> Atlas:
    """See :func:`explorer.load_atlas`."""
    own = find(atlas) if atlas is not None and atlas not in OURS else None
    return Atlas(load_data(data), Path(meshes) if meshes else folders.MESHES, body=variant, own=own)
