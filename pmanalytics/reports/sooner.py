"""Load jsonschema, which Jupyter's formats rest on, without a grammar of addresses.

That grammar takes a second to be read, and no notebook asks for it. Import this before nbformat.
"""

import sys

GRAMMAR = "rfc3987_syntax"

if "jsonschema" not in sys.modules and GRAMMAR not in sys.modules:
    sys.modules[GRAMMAR] = None  # type: ignore[assignment]
    import jsonschema  # noqa: F401

    del sys.modules[GRAMMAR]
