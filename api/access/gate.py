"""The gate of the service: what its endpoints depend on, and the endpoints by which people get in.

app.state.access = await Access.of(store)
app.include_router(access_router(documented))

@app.post("/v1/regions/{region}/cases")
async def open_case(region: str, who: Annotated[Principal, require("cases.write")]) -> ...
"""

from __future__ import annotations

from api.access.access import Access
from api.access.guard import CSRF_HEADER, authenticate, principal, require
from api.access.principal import Principal
from api.access.routes import access_router

__all__ = ["CSRF_HEADER", "Access", "Principal", "access_router", "authenticate", "principal", "require"]
