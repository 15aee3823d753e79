"""Sheets in and out: rosters and tickets as CSV or XLSX. Reading never trusts a file, writing never starts a formula."""
