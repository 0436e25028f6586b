"""What a caller is told about a request that does not fit its model: which field, what is wrong, never the value."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NOT_JSON: dict[str, Any] = {
    "status": 400,
    "code": "invalid-json",
    "detail": "The body is not JSON in UTF-8: correct it and send it again.",
}
NOT_JSON_TYPE: dict[str, Any] = {
    "status": 415,
    "code": "unsupported-media-type",
    "detail": "Send the body as JSON with Content-Type: application/json.",
}
UNSTORABLE: dict[str, Any] = {
    "status": 422,
    "code": "invalid-text",
    "detail": "A text holds a character that cannot be stored (NUL or half a surrogate pair): remove it and send again.",
}
_MISSING_HEADERS: dict[tuple[str, str], dict[str, Any]] = {
    ("header", "idempotency-key"): {
        "status": 400,
        "code": "idempotency-key-missing",
        "detail": "Send an Idempotency-Key header: a UUID made for this act, the same one when you send it again.",
    },
    ("header", "if-match"): {
        "status": 428,
        "code": "if-match-missing",
        "detail": 'Send the version that you read as an If-Match header, such as If-Match: "4".',
    },
}
_TEXT_TYPES = frozenset({"invalid_text", "string_unicode"})
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHORTEST_ECHO = 3


def describe(errors: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The arguments of the Problem for pydantic's errors of one request."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return NOT_JSON
    if first["loc"] == ("body",) and isinstance(first.get("input"), bytes):
        return NOT_JSON_TYPE
    headers = [tuple(error["loc"]) for error in errors if error["type"] == "missing" and error["loc"][0] == "header"]
    for loc in headers:
        if loc in _MISSING_HEADERS:
            return {**_MISSING_HEADERS[loc], "field": loc[1]}
    told = [{"field": field_of(error["loc"]), "message": _message(error)} for error in errors[:20]]
    unstorable = next((error for error in errors if error["type"] in _TEXT_TYPES), None)
    if unstorable:
        return {**UNSTORABLE, "field": field_of(unstorable["loc"]), "errors": told}
    detail = "Correct the fields listed in errors and send the request again."
    return {"status": 422, "code": "invalid-field", "detail": detail, "field": told[0]["field"], "errors": told}


def field_of(loc: Sequence[str | int]) -> str:
    """`("body", "person", "email")` → `person.email`; a part that the caller made up and that is no plain name is left out."""
    parts = loc[1:] if len(loc) > 1 and loc[0] in ("body", "query", "path", "header", "cookie") else loc
    return ".".join(str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "…" for part in parts)


def _message(error: Mapping[str, Any]) -> str:
    if error["type"] in _TEXT_TYPES:
        return "The text holds a character that cannot be stored (NUL or half a surrogate pair)."
    message = str(error["msg"]).removeprefix("Value error, ")
    sent = _texts(error.get("input"))
    return "The value is not valid." if any(text in message for text in sent if len(text) >= _SHORTEST_ECHO) else message


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += value
        elif value is not None and not isinstance(value, bool):
            yield str(value)
