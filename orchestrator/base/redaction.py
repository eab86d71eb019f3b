"""Redaction of secrets in text that is stored or shown. A traceback may hold anything that its process knew."""

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

MARK = "***"
"""Replacement for a secret. It is shorter than any secret, so that every replacement shortens the text."""

SHORTEST = 6
"""Length in characters of the shortest value that counts as a secret; shorter ones are words and switches."""

COMMON = frozenset(
    [
        "anonymous",
        "bearer",
        "cookie",
        "default",
        "digest",
        "disabled",
        "enabled",
        "header",
        "keyring",
        "kerberos",
        "negotiate",
        "oauth2",
        "optional",
        "password",
        "private",
        "public",
        "required",
        "secret",
        "session",
    ]
)
"""Values that a variable with a secret name may have without being secret, such as the name of a method.

Replacing them would only garble messages.
"""

_SECRET_NAME = re.compile(
    r"TOKEN(?!IZ)|SECRET|PASSWORD|PASSWD|PASSPHRASE|(?<=_)(?:PWD|PASS|PAT)$|CREDENTIAL|API_?KEY|ACCESS_?KEY"
    r"|(?:PRIVATE|SIGNING|ENCRYPTION|ACCOUNT|SERVICE|SSH|MASTER|SAS)_?KEY|AUTH(?!OR(?!IZ))"
    r"|COOKIE|CONNECTION_?STRING|_DSN$",
    re.IGNORECASE,
)
_PLACE_NAME = re.compile(r"_(?:PATH|FILE|DIR|FOLDER|SOCK|SOCKET|MODE|TYPE)$|^XAUTHORITY$", re.IGNORECASE)
"""Names of variables that hold the location or the kind of a secret. Such values help in a message."""

_USER_INFO = r"(?<=://)(?!git@)[^\s/?#'\"<>]+(?=@)"
"""User information of a URL: everything before the last ``@``. The user name ``git`` is public, and stays."""

_PARAMETERS = (
    "x-(?:amz|goog)-(?:signature|credential|security-token)|awsaccesskeyid|googleaccessid|signature|sig"
    "|(?:[a-z]+[_-])*(?:token|secret|password|passwd|pwd|api_?key|apikey|access_?key|auth|credential|code_verifier)"
)
_TOKEN_CHARACTER = r"[A-Za-z0-9._~+/=-]"

_PATTERNS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL),
        (_USER_INFO, 0),
        (rf"(?<=[?&;#])(?P<kept>(?:{_PARAMETERS})=)[^&;#\s'\"<>\])}}]+", re.IGNORECASE),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", 0),
        (r"\b(?P<kept>AWS4-HMAC-SHA256\s+)Credential=[^\r\n'\"]+", re.IGNORECASE),
        (
            r"\b(?P<kept>authorization['\"]?\s*[:=]\s*b?['\"]?(?:bearer|basic|token|digest|negotiate)\s+)"
            r"(?!\*)[^\s'\",]+",
            re.IGNORECASE,
        ),
        (rf"\b(?P<kept>bearer\s+)(?={_TOKEN_CHARACTER}*[0-9]){_TOKEN_CHARACTER}{{8,}}", re.IGNORECASE),
        (rf"\b(?P<kept>bearer\s+){_TOKEN_CHARACTER}{{24,}}", re.IGNORECASE),
        (r"\b(?P<kept>(?:set-)?cookie:[ \t]*)(?!\*)[^\s'\"][^\r\n'\"]*", re.IGNORECASE),
        (r"\b(?:gh[opsur]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|hf_[A-Za-z0-9]{30,})", 0),
        (r"\bAIza[\w-]{35}", 0),
    )
)
"""Patterns of secrets that are recognised without any variable. The group ``kept`` stays in front of the mark."""


def redact(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The text with ``***`` for each secret in it.

    These are secrets:

    - the value of a variable with a secret name (:func:`is_secret`), as it is, escaped, quoted for a URL or in base64;
    - the password in a URL that any variable holds;
    - user information, and signature or token parameters, of any URL;
    - AWS access key ids, tokens of known shapes, private keys, cookies, and credentials after ``Authorization:`` or
      ``Bearer``.

    Text without secrets is returned unchanged, and a second call changes nothing.

    Args:
        text: anything that is about to be stored or shown.
        environment: variables whose values are looked for, by default this process's.
    """
    values = sorted(set(_values(environment)), key=len, reverse=True)
    while (cleaned := _cleaned_once(text, values)) != text:  # one replacement may join the parts of another secret
        text = cleaned
    return text


def is_secret(name: str, value: str) -> bool:
    """Whether a variable's name says that its value is secret, and the value is more than a word or a switch."""
    if len(value) < SHORTEST or value.lower() in COMMON:
        return False
    return bool(_SECRET_NAME.search(name)) and not _PLACE_NAME.search(name)


def _values(environment: Mapping[str, str]) -> Iterator[str]:
    """Every spelling of every secret value."""
    for name, raw in environment.items():
        value = raw.strip()
        if is_secret(name, value):
            yield from _spellings(value)
            # A traceback may show a key of many lines one line at a time; the lines that frame it are no secret.
            yield from (line for line in value.splitlines() if len(line) >= 2 * SHORTEST and not line.startswith("-"))
        for part in _url_passwords(value):
            yield from _spellings(part)


def _url_passwords(value: str) -> Iterator[str]:
    """Passwords of the URLs in a value, such as a proxy's, which may surface without their URL."""
    for user in re.findall(_USER_INFO, value):
        password = user.partition(":")[2]
        if len(password) >= SHORTEST and password.lower() not in COMMON:
            yield password


def _spellings(value: str) -> Iterator[str]:
    yield value
    yield repr(value)[1:-1]
    yield json.dumps(value)[1:-1]
    raw = value.encode(errors="surrogateescape")  # variables may hold bytes that are no text
    yield quote(raw)
    yield quote(raw, safe="")
    yield quote_plus(raw)
    yield base64.b64encode(raw).decode()


def _cleaned_once(text: str, values: list[str]) -> str:
    for value in values:
        text = text.replace(value, MARK)
    for pattern in _PATTERNS:
        text = pattern.sub(_marked, text)
    return text


def _marked(match: re.Match[str]) -> str:
    return (match.groupdict().get("kept") or "") + MARK
