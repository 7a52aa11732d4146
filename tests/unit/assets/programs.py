"""Small programs, each with something that a minifier has broken. They call log()."""

import re
from pathlib import Path

_FILE = Path(__file__).with_suffix(".js").read_text()
_PARTS = re.split(r"^//// (\w+)\n", _FILE, flags=re.MULTILINE)[1:]

PROGRAMS = {
    **dict(zip(_PARTS[::2], _PARTS[1::2], strict=True)),
    # Characters that an editor might change.
    "byte_order_mark": "\ufefflog('bom')",
    "carriage_returns": "log(`a\r\nb`.length); log('x')\r\nlog('y')\r\n// c\r\nlog('z')",
    "line_separators": "log('a')\u2028log('b')\u2029log('c')",
}
