"""Errors of the API: always the same JSON, and never more than what its reader needs to repair the request."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, JsonResponse


class ApiError(Exception):
    """Ends a request with this answer. `code` is for programs and stable, `message` for people; `parameter` names what
    was wrong in the query."""

    def __init__(
        self, status: int, code: str, message: str, *, parameter: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.parameter = status, code, message, parameter
        self.headers = {**(headers or {}), "Cache-Control": "no-store"}

    def response(self) -> JsonResponse:
        about = {"code": self.code, "message": self.message}
        if self.parameter:
            about["parameter"] = self.parameter
        return JsonResponse({"error": about}, status=self.status, headers=self.headers)


def is_for_programs(request: HttpRequest) -> bool:
    """Whether even an error that no endpoint raised should be JSON."""
    return request.path_info.startswith("/api/")


def invalid_token(message: str, code: str = "invalid_token") -> ApiError:
    """RFC 6750, section 3."""
    return ApiError(401, code, message, headers={"WWW-Authenticate": f'Bearer realm="api", error="{code}"'})


def forbidden(code: str, message: str) -> ApiError:
    return ApiError(403, code, message)


def invalid_parameter(parameter: str, message: str) -> ApiError:
    return ApiError(400, "invalid_parameter", message, parameter=parameter)


def too_many_requests(message: str, *, seconds: int) -> ApiError:
    return ApiError(429, "too_many_requests", message, headers={"Retry-After": str(seconds)})


NOT_FOUND = ("not_found", "There is nothing at this address. The documentation lists all addresses.")
READ_ONLY = ("method_not_allowed", "The API only reads: use GET.")
UNAVAILABLE = ("unavailable", "The site can't answer at the moment. Please try again later.")
FAILED = ("internal_error", "Something went wrong here, not in your request. We have been told.")
