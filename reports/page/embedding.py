"""Text inside the page that is not markup: JSON, compressed drawings and scripts, and the policy over them."""

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence

from markupsafe import Markup

JSON_ESCAPES = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""Characters that could end or confuse a script element, as JSON writes them instead."""


def embedded(value: object) -> Markup:
    """A value as JSON that is inert inside a script element, whatever text it holds."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup("".join(JSON_ESCAPES.get(character, character) for character in text))


def packed(text: str) -> Markup:
    """Text compressed (RFC 1950) and in base64, which is inert anywhere; the page unpacks it when it is needed.

    Plotly shrinks from 4.8 MB to 2.0 MB, and a drawing to a fifth, which is what lets all of the paper's sweeps into
    one page. Equal text gives equal bytes with one version of zlib.
    """
    return Markup(base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii"))


def compact_json(value: object) -> str:
    """A value as JSON without spaces; never NaN, which no browser reads."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def content_security_policy(scripts: Sequence[str]) -> str:
    """Nothing may be fetched, and no script may run but these; images only from within the page."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
