"""Who may do what: people who sign in, tokens of programs and devices, roles as named sets of permissions.

Everything is kept in the store, as aggregates of a region of their own. `Access.of(store)` opens it, `require` is what
endpoints depend on, `access_router` has the endpoints to sign in with and to manage people and tokens.
"""

from __future__ import annotations

from api.access.access import Access
from api.access.admin_token import AdminToken, ensure_admin_token
from api.access.errors import AccessError
from api.access.gate import Principal, access_router, authenticate, principal, require
from api.access.records import ACCESS_REGION

__all__ = [
    "ACCESS_REGION",
    "Access",
    "AccessError",
    "AdminToken",
    "Principal",
    "access_router",
    "authenticate",
    "ensure_admin_token",
    "principal",
    "require",
]
