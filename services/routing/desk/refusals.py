"""What a rule says no to: a stable code, what to do, and where in the request."""


class Refused(Exception):
    """`field` names a field of the request. 422: the request is at fault; 409: the state of the case is."""

    def __init__(self, code: str, detail: str, field: str | None = None, *, status: int = 422) -> None:
        super().__init__(code)
        self.code, self.detail, self.field, self.status = code, detail, field, status


def conflict(code: str, detail: str) -> Refused:
    return Refused(code, detail, status=409)
