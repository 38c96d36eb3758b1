"""Outside rows -> contacts, pledges, organisations; one file per kind of place."""
