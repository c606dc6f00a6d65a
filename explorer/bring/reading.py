"""Open a folder or a zip of meshes that may be hostile: nothing is unpacked to disk, nothing is followed elsewhere.

Everything is limited before it is read, and counted while it is read, since what a file says of its own size may be
wrong. Each fault is one line that says what is wrong, where, what is allowed and how to mend it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from explorer.errors import ExplorerError

#: endings of mesh files, and of lists of names that may lie beside them
MESHES = (".obj", ".stl", ".ply", ".glb")
LISTS = (".txt", ".tsv", ".csv")
#: most files in a folder or zip, most bytes of one file and of all files together, unpacked
MOST_FILES = 20_000
MOST_BYTES = 128 * 2**20
MOST_TOTAL = 3 * 2**30
#: a file of a zip may unpack to so many times its size, once it is larger than this
MOST_RATIO, RATIO_FROM = 250, 2 * 2**20
#: most bytes of the table of contents of a zip: files times the longest entry that is reasonable
MOST_CONTENTS = MOST_FILES * 300
_CHUNK = 2**20
_END = b"PK\x05\x06"


@dataclass(frozen=True)
class Entry:
    """One file of a source.

    Attributes
    ----------
    name : str
        Path inside the source, with ``/``.
    size : int
        Bytes, as the source says; what is read is counted again.
    """

    name: str
    size: int

    @property
    def stem(self) -> str:
        """The name of the file without folder and ending."""
        return PurePosixPath(self.name).stem

    @property
    def ending(self) -> str:
        """Such as ``.obj``."""
        return PurePosixPath(self.name).suffix.lower()


class Source:
    """A folder or a zip, opened.

    Parameters
    ----------
    path : Path
    entries : list of Entry
        Mesh files and lists of names, by name.
    others : int
        How many other files there are; they are not read.
    read : callable
        Gives the bytes of an entry.
    """

    def __init__(self, path: Path, entries: list[Entry], others: int, read: Callable[[Entry], Iterator[bytes]]) -> None:
        self.path = path
        self.meshes = [entry for entry in entries if entry.ending in MESHES]
        self.lists = [entry for entry in entries if entry.ending in LISTS]
        self.others = others
        self._read = read
        self._left = MOST_TOTAL

    def read(self, entry: Entry) -> bytes:
        """All bytes of a file, counted.

        Raises
        ------
        ExplorerError
            When it is, or grows, larger than is allowed.
        """
        parts, total = [], 0
        for part in self._read(entry):
            total += len(part)
            if total > MOST_BYTES:
                raise ExplorerError(
                    f"{self.path.name}: {entry.name} is larger than {MOST_BYTES // 2**20} MB unpacked; thin it out first"
                )
            self._left -= len(part)
            if self._left < 0:
                raise ExplorerError(
                    f"{self.path.name}: unpacks to more than {MOST_TOTAL // 2**30} GB; give a smaller part of the atlas"
                )
            parts.append(part)
        return b"".join(parts)

    def digest(self, progress: Callable[[int, int], None] | None = None) -> str:
        """SHA-256 over the names and contents of the mesh files and lists.

        The same files give the same digest whether they lie in a folder or in a zip.
        """
        total = hashlib.sha256()
        entries = sorted([*self.meshes, *self.lists], key=lambda e: PurePosixPath(e.name).name)
        for k, entry in enumerate(entries):
            total.update(PurePosixPath(entry.name).name.encode("utf-8", "surrogateescape"))
            total.update(hashlib.sha256(self.read(entry)).digest())
            if progress:
                progress(k + 1, len(entries))
        self._left = MOST_TOTAL
        return total.hexdigest()


def open_source(path: Path) -> Source:
    """Open a folder, a zip, or one mesh file.

    Raises
    ------
    ExplorerError
        When there is nothing at the path, nothing in it that can be read, or something in it that is not allowed.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ExplorerError(f"{path}: {error.strerror or error}; give a folder or a zip of meshes") from None
    if stat.S_ISDIR(mode):
        source = _open_folder(path)
    elif not stat.S_ISREG(mode):
        raise ExplorerError(f"{path}: is neither a folder nor a file; give a folder or a zip of meshes")
    elif path.suffix.lower() in MESHES:
        entry = Entry(path.name, path.stat().st_size)
        source = Source(path, [entry], 0, lambda e: _file_parts(path))
    else:
        source = _open_zip(path)
    if not source.meshes:
        raise ExplorerError(f"{path}: holds no mesh; allowed are files that end in {', '.join(MESHES)}")
    return source


def _file_parts(path: Path) -> Iterator[bytes]:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            while part := file.read(_CHUNK):
                yield part
    except OSError as error:
        raise ExplorerError(f"{path}: cannot be read ({error.strerror or error})") from None


def _open_folder(folder: Path) -> Source:
    entries: list[Entry] = []
    others = count = 0
    waiting = [(folder, "")]
    while waiting:
        place, prefix = waiting.pop()
        with os.scandir(place) as inside:
            for item in inside:
                count += 1
                if count > MOST_FILES:
                    raise ExplorerError(
                        f"{folder}: holds more than {MOST_FILES} files; give a folder with only the atlas in it"
                    )
                name = prefix + item.name
                if item.is_symlink():
                    raise ExplorerError(
                        f"{folder}: {_shown(name)} is a link; links are not followed: put the file itself there"
                    )
                if item.is_dir():
                    waiting.append((Path(item.path), f"{name}/"))
                elif item.is_file() and name.lower().endswith(MESHES + LISTS):
                    entries.append(_allowed(Entry(name, item.stat().st_size), folder))
                else:
                    others += 1
    entries.sort(key=lambda entry: entry.name)
    _check_total(folder, entries)
    return Source(folder, entries, others, lambda entry: _file_parts(folder / entry.name))


def _shown(name: str) -> str:
    """A name that may hold anything, short and on one line."""
    text = "".join(letter if letter.isprintable() else "?" for letter in name)
    return repr(text if len(text) <= 80 else text[:77] + "...")


def _allowed(entry: Entry, path: Path) -> Entry:
    if entry.size > MOST_BYTES:
        raise ExplorerError(
            f"{path.name}: {_shown(entry.name)} has {entry.size / 2**20:.0f} MB; at most {MOST_BYTES // 2**20} MB; thin it out first"
        )
    return entry


def _check_total(path: Path, entries: list[Entry]) -> None:
    total = sum(entry.size for entry in entries)
    if total > MOST_TOTAL:
        raise ExplorerError(
            f"{path.name}: its meshes have {total / 2**30:.0f} GB unpacked; at most {MOST_TOTAL // 2**30} GB; give a part of it"
        )


def _check_contents(path: Path) -> None:
    """Look at the end of a zip before its table of contents is read into memory."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(max(0, size - 2**16 - 64))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise ExplorerError(
            f"{path}: is not a zip file, nor a mesh; give a folder or a zip of {', '.join(MESHES)} files"
        )
    count, length = struct.unpack("<H", tail[at + 10 : at + 12])[0], struct.unpack("<I", tail[at + 12 : at + 16])[0]
    wide = tail.rfind(b"PK\x06\x06")
    if wide >= 0 and len(tail) >= wide + 48:
        count = max(count, struct.unpack("<Q", tail[wide + 32 : wide + 40])[0])
        length = max(0 if length == 0xFFFFFFFF else length, struct.unpack("<Q", tail[wide + 40 : wide + 48])[0])
    if count > MOST_FILES or length > MOST_CONTENTS:
        raise ExplorerError(
            f"{path.name}: is a zip of more than {MOST_FILES} files; give one with only the atlas in it"
        )


def _open_zip(path: Path) -> Source:
    _check_contents(path)
    try:
        archive = zipfile.ZipFile(path)
        infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, struct.error, UnicodeDecodeError) as error:
        raise ExplorerError(f"{path}: cannot be read as a zip ({error}); fetch it again") from None
    entries, by_name, others = [], {}, 0
    for info in infos:
        _check_info(path, info)
        if info.is_dir():
            continue
        if not info.filename.lower().endswith(MESHES + LISTS) or info.filename.startswith("__MACOSX/"):
            others += 1
            continue
        if info.filename in by_name:
            raise ExplorerError(f"{path.name}: holds {_shown(info.filename)} twice; pack it again")
        by_name[info.filename] = info
        entries.append(_allowed(Entry(info.filename, info.file_size), path))
    entries.sort(key=lambda entry: entry.name)
    _check_total(path, entries)

    def parts(entry: Entry) -> Iterator[bytes]:
        info = by_name[entry.name]
        try:
            with archive.open(info) as file:
                total = 0
                while part := file.read(_CHUNK):
                    total += len(part)
                    if total > RATIO_FROM and total > MOST_RATIO * max(info.compress_size, 1):
                        raise _bomb(path, entry.name)
                    yield part
        except (
            zipfile.BadZipFile,
            zipfile.LargeZipFile,
            OSError,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise ExplorerError(f"{path.name}: {_shown(entry.name)} cannot be unpacked ({error})") from None
        except Exception as error:  # zlib.error, lzma.LZMAError: what a packer's own reader raises
            if isinstance(error, ExplorerError):
                raise
            raise ExplorerError(f"{path.name}: {_shown(entry.name)} cannot be unpacked ({error})") from None

    return Source(path, entries, others, parts)


def _bomb(path: Path, name: str) -> ExplorerError:
    return ExplorerError(
        f"{path.name}: {_shown(name)} unpacks to more than {MOST_RATIO} times its size, which meshes never do; not read"
    )


def _check_info(path: Path, info: zipfile.ZipInfo) -> None:
    """Refuse what no atlas needs: ways out of the zip, links, encrypted files, bombs."""
    # the name as it stands in the file: zipfile already cleans some of it
    for name in {info.filename, info.orig_filename}:
        pieces = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":" and name[0].isalpha()):
            raise ExplorerError(f"{path.name}: {_shown(name)} is an absolute path; pack it with paths inside the zip")
        if ".." in pieces:
            raise ExplorerError(f"{path.name}: {_shown(name)} leads out of the zip; pack it with paths inside the zip")
        if "\0" in name:
            raise ExplorerError(f"{path.name}: {_shown(name)} is not a name of a file; pack it again")
    mode = info.external_attr >> 16
    if mode and stat.S_ISLNK(mode):
        raise ExplorerError(
            f"{path.name}: {_shown(info.filename)} is a link; links are not followed: pack the file itself"
        )
    if info.flag_bits & 0x1:
        raise ExplorerError(f"{path.name}: {_shown(info.filename)} is encrypted; pack it without a password")
    if info.file_size > RATIO_FROM and info.file_size > MOST_RATIO * max(info.compress_size, 1):
        raise _bomb(path, info.filename)
