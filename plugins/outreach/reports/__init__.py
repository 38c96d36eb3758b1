"""Read-only views for pages, exports and the weekly report. Nothing here changes the ledger."""
