"""Packs the agent, with the layout, into the one file that Python runs on the server: the same bytes everywhere."""

import io
import json
import zipfile
from pathlib import Path

from slipway import ROOT
from slipway.tool.server import layout

SOURCE = ROOT / "deploy" / "agent"
# -IS: root imports nothing from the working directory, PYTHONPATH or site-packages.
SHEBANG = b"#!/usr/bin/python3 -IS\n"
# Without the other commands: a WAL file is archived each 30 s, alarms look each minute, and their modules take 4 MB.
MAIN = """import sys
match sys.argv[1:]:
    case ["archive"]:
        from agent.archive import main
    case ["alarms"]:
        from agent import lazily
        lazily.start()
        from agent.alarms import main
    case ["alarms", "--send"]:
        from agent.senders import main
    case _:
        from agent import lazily
        lazily.start()
        from agent.__main__ import main
sys.exit(main())
"""
# The earliest time that a zip can hold: a file's own would differ from clone to clone.
EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(target: Path) -> Path:
    """Writes ``target`` unless it has the same bytes already."""
    buffer = io.BytesIO(SHEBANG)
    buffer.seek(0, io.SEEK_END)
    paths = sorted(path for kind in ("*.py", "*.sh") for path in SOURCE.glob(kind))
    # Uncompressed: another machine's zlib may write other bytes, and a deploy would run the playbook for them.
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        members = {f"agent/{path.name}": path.read_text() for path in paths}
        members |= {"agent/layout.json": json.dumps(layout.VALUES, indent=2), "__main__.py": MAIN}
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text)
    packed = buffer.getvalue()
    if not target.exists() or target.read_bytes() != packed:
        target.write_bytes(packed)
        target.chmod(0o755)
    return target
