"""Views for pages, exports and the weekly report: read-only, but for the note that an export
leaves in the audit log."""
