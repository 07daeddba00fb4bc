"""All endpoints, in the order of the documentation."""

from .base import Endpoint
from .own import (
    BalanceEndpoint,
    CommissionsEndpoint,
    LedgerEndpoint,
    LinksEndpoint,
    PayoutsEndpoint,
    StatisticsEndpoint,
)
from .staff import LicensesEndpoint, OrdersEndpoint, StaffCommissionsEndpoint, StaffPayoutsEndpoint

OWN: tuple[type[Endpoint], ...] = (
    StatisticsEndpoint,
    BalanceEndpoint,
    CommissionsEndpoint,
    LedgerEndpoint,
    PayoutsEndpoint,
    LinksEndpoint,
)
OF_ORDERS: tuple[type[Endpoint], ...] = (OrdersEndpoint, LicensesEndpoint)
OF_AFFILIATES: tuple[type[Endpoint], ...] = (StaffCommissionsEndpoint, StaffPayoutsEndpoint)
ENDPOINTS = (*OWN, *OF_ORDERS, *OF_AFFILIATES)
