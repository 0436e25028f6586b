"""What a rule says no to: a stable code, what to do, and where in the request."""


class Refused(Exception):
    """`field` is the path in the request. 422: the request is at fault; 409: the complaint's state is."""

    def __init__(self, code: str, detail: str, *field: str | int, status: int = 422) -> None:
        super().__init__(code)
        self.code, self.detail, self.field, self.status = code, detail, field, status
