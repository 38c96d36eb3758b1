"""A campaign shown live while its file is written: `outreach preview`."""
