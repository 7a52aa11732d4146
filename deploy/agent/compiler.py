"""Writes a tar of the missing bytecode of modules below FOLDER/NAME; tracebacks name FINAL-PATH in place of FOLDER.

    python3 -I -S - FOLDER FINAL-PATH NAME…

A program of its own, because it parses third-party code: bytecode.py runs it as an unprivileged user. It imports
none of the modules.
"""

import importlib.machinery
import importlib.util
import io
import marshal
import os
import struct
import sys
import tarfile
import warnings
from pathlib import Path


def bytecode(module: Path, final_path: str) -> bytes:
    """As https://peps.python.org/pep-0552/ has it, by the source's time; empty where it is there already."""
    status = module.stat()
    head = importlib.util.MAGIC_NUMBER + struct.pack("<LLL", 0, int(status.st_mtime), status.st_size)
    cache = Path(importlib.util.cache_from_source(module))
    if cache.is_file() and cache.read_bytes()[: len(head)] == head:
        return b""
    code = importlib.machinery.SourceFileLoader("", final_path).source_to_code(module.read_bytes(), final_path)
    return head + marshal.dumps(code)


def main(folder: str, final_path: str, *names: str) -> None:
    warnings.simplefilter("ignore")
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        for name in names:
            for module in sorted(Path(folder, name).rglob("*.py")):
                below = module.relative_to(folder)
                try:
                    made = bytecode(module, str(final_path / below))
                except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
                    # Importing it raises the error.
                    continue
                if made:
                    member = tarfile.TarInfo(importlib.util.cache_from_source(str(below)))
                    member.size = len(made)
                    archive.addfile(member, io.BytesIO(made))


if __name__ == "__main__":
    os.umask(0o077)
    main(sys.argv[1], *sys.argv[2:])
