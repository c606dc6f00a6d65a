"""Read a QR code back from its modules: written from the standard (ISO/IEC 18004), apart from the two that write them.

Only what the explorer writes: bytes at error correction level M. Every block is checked, none is mended: a code of
ours must be without fault.
"""

from __future__ import annotations

MASKS = (
    lambda x, y: (x + y) % 2,
    lambda x, y: y % 2,
    lambda x, y: x % 3,
    lambda x, y: (x + y) % 3,
    lambda x, y: (x // 3 + y // 2) % 2,
    lambda x, y: x * y % 2 + x * y % 3,
    lambda x, y: (x * y % 2 + x * y % 3) % 2,
    lambda x, y: ((x + y) % 2 + x * y % 3) % 2,
)
#: version -> (codewords of correction in a block, blocks of one length, blocks one longer), level M, table 9
BLOCKS = {
    1: (10, 1, 0),
    2: (16, 1, 0),
    3: (26, 1, 0),
    4: (18, 2, 0),
    5: (24, 2, 0),
    6: (16, 4, 0),
    7: (18, 4, 0),
    8: (22, 2, 2),
    9: (22, 3, 2),
    10: (26, 4, 1),
    11: (30, 1, 4),
    12: (22, 6, 2),
    13: (22, 8, 1),
    14: (24, 4, 5),
    15: (24, 5, 5),
    16: (28, 7, 3),
    17: (28, 10, 1),
    18: (26, 9, 4),
    19: (26, 3, 11),
    20: (26, 3, 13),
}


def _powers() -> tuple[list[int], dict[int, int]]:
    powers = [1]
    while len(powers) < 255:
        value = powers[-1] << 1
        powers.append(value ^ 0x11D if value > 255 else value)
    return powers, {value: k for k, value in enumerate(powers)}


POWERS, LOGS = _powers()


def _faultless(block: list[int], checks: int) -> bool:
    """A block with its correction is a multiple of the generator: zero at its first ``checks`` roots."""
    for root in range(checks):
        value = 0
        for word in block:
            value = (POWERS[(LOGS[value] + root) % 255] if value else 0) ^ word
        if value:
            return False
    return True


def read_qr(rows: list[list[bool]]) -> str:
    """The text of a code.

    Parameters
    ----------
    rows : (n, n) bool
        Dark modules, without the quiet border.
    """
    size = len(rows)
    version = (size - 17) // 4
    assert size == 4 * version + 17
    own = [[False] * size for _ in range(size)]  # modules that hold no data

    def fill(x0: int, y0: int, x1: int, y1: int) -> None:
        for y in range(max(0, y0), min(size, y1)):
            for x in range(max(0, x0), min(size, x1)):
                own[y][x] = True

    fill(0, 0, 9, 9)
    fill(size - 8, 0, size, 9)
    fill(0, size - 8, 9, size)
    fill(6, 0, 7, size)
    fill(0, 6, size, 7)
    for y, x in ((3, 3), (3, size - 4), (size - 4, 3)):
        ring = [rows[y + dy][x + dx] for dy in (-2, 2) for dx in range(-2, 3)]
        assert rows[y][x]
        assert not any(ring), "a corner is not drawn as a corner"
    if version > 1:
        # the centres lie evenly between 6 and size - 7, on even places, the first gap taking up what is left
        count = version // 7 + 2
        step = 0 if count == 2 else 2 * -(-(size - 13) // (2 * (count - 1))) if version != 32 else 26
        centres = [6] + [size - 7 - step * k for k in reversed(range(count - 1))]
        for y in centres:
            for x in centres:
                if not own[y][x] or (
                    6 in (x, y) and not ((x < 9 and y < 9) or (x < 9 and y > size - 9) or (x > size - 9 and y < 9))
                ):
                    assert rows[y][x], "an alignment pattern is missing"
                    assert not rows[y - 1][x]
                    fill(x - 2, y - 2, x + 3, y + 3)
    if version >= 7:
        fill(size - 11, 0, size - 8, 6)
        fill(0, size - 11, 6, size - 8)
        found = sum(rows[k // 3][size - 11 + k % 3] << k for k in range(18))
        assert found >> 12 == version

    places = [(8, k) for k in (0, 1, 2, 3, 4, 5, 7, 8)] + [(k, 8) for k in (7, 5, 4, 3, 2, 1, 0)]
    again = [(size - 1 - k, 8) for k in range(8)] + [(8, size - 7 + k) for k in range(7)]
    format_, second = (sum(rows[y][x] << k for k, (x, y) in enumerate(where)) ^ 0x5412 for where in (places, again))
    assert format_ == second
    assert format_ >> 13 == 0, "the level is not M"
    mask = MASKS[format_ >> 10 & 7]

    bits = []
    up = True
    for right in [*range(size - 1, 7, -2), 5, 3, 1]:
        for y in reversed(range(size)) if up else range(size):
            bits += [rows[y][x] != (mask(x, y) == 0) for x in (right, right - 1) if not own[y][x]]
        up = not up
    words = [int("".join("01"[bit] for bit in bits[k : k + 8]), 2) for k in range(0, len(bits) - 7, 8)]

    checks, shorter, longer = BLOCKS[version]
    many = shorter + longer
    length = len(words) // many - checks
    blocks: list[list[int]] = [[] for _ in range(many)]
    at = 0
    for k in range(length + 1):
        for block in blocks[shorter:] if k == length else blocks:
            block.append(words[at])
            at += 1
    for _ in range(checks):
        for block in blocks:
            block.append(words[at])
            at += 1
    assert at == len(words)
    assert all(_faultless(block, checks) for block in blocks)

    data = "".join(f"{word:08b}" for block in blocks for word in block[:-checks])
    assert data[:4] == "0100", "not in bytes"
    wide = 8 if version < 10 else 16
    count = int(data[4 : 4 + wide], 2)
    start = 4 + wide
    return bytes(int(data[start + 8 * k : start + 8 * k + 8], 2) for k in range(count)).decode()


def modules_of(path: str, size: int) -> list[list[bool]]:
    """Modules of an SVG path that is made of bars ``M x y h w v1 h-w z``, the quiet border of four taken off."""
    import re

    rows = [[False] * size for _ in range(size)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        for k in range(int(width)):
            rows[int(y)][int(x) + k] = True
    quiet = [row[:4] + row[-4:] for row in rows] + rows[:4] + rows[-4:]
    assert not any(any(row) for row in quiet), "the border is not quiet"
    return [row[4:-4] for row in rows[4:-4]]
