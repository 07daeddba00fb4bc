"""Webhooks for affiliates: events about their commissions and payouts, posted to their own programs in the format of
Standard Webhooks (https://www.standardwebhooks.com)."""
