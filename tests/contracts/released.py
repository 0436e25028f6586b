"""What was released: files as git has them at every release, else on the published branch, else in the last commit."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def released(folder: str, root: Path = ROOT) -> Iterator[tuple[str, str, str]]:
    """(where, file name, text) of each file under `folder` in each of those versions; nothing in a tree without history."""
    for where in _versions(root):
        for path in _git(root, "ls-tree", "--name-only", where, f"{folder}/").splitlines():
            yield where, Path(path).name, _git(root, "show", f"{where}:{path}")


def _versions(root: Path) -> list[str]:
    if not (root / ".git").exists():
        return []
    tags = _git(root, "tag", "--list", "v*", "--sort=version:refname").split()
    if tags:
        return tags
    known = _git(root, "for-each-ref", "--format=%(refname:short)", "refs/remotes/origin/main").split()
    return known or _git(root, "rev-list", "--max-count=1", "HEAD").split()


def _git(root: Path, *arguments: str) -> str:
    found = subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True, encoding="utf-8")
    return found.stdout
