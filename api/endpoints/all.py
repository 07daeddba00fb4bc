"""All endpoints, in the order of the documentation."""

from .base import ApiEndpoint
from .own import (
    BalanceEndpoint,
    CommissionsEndpoint,
    LedgerEndpoint,
    LinksEndpoint,
    PayoutsEndpoint,
    StatisticsEndpoint,
)
from .staff import LicensesEndpoint, OrdersEndpoint, StaffCommissionsEndpoint, StaffPayoutsEndpoint

OWN: tuple[type[ApiEndpoint], ...] = (
    StatisticsEndpoint,
    BalanceEndpoint,
    CommissionsEndpoint,
    LedgerEndpoint,
    PayoutsEndpoint,
    LinksEndpoint,
)
OF_ORDERS: tuple[type[ApiEndpoint], ...] = (OrdersEndpoint, LicensesEndpoint)
OF_AFFILIATES: tuple[type[ApiEndpoint], ...] = (StaffCommissionsEndpoint, StaffPayoutsEndpoint)
ENDPOINTS = (*OWN, *OF_ORDERS, *OF_AFFILIATES)
