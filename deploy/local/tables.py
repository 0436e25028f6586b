"""Text in columns."""

from collections.abc import Sequence


def table(rows: Sequence[Sequence[object]], indent: str = "  ") -> str:
    """The first column to the left, numbers to the right; None is a dash."""
    cells = [["-" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[n]) for row in cells) for n in range(len(cells[0]))] if cells else []
    return "\n".join(indent + "  ".join(_placed(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)


def _placed(cell: str, width: int) -> str:
    return cell.rjust(width) if cell.lstrip("-").isdigit() else cell.ljust(width)
