"""Where the rows of a source come from; one file for each kind of place."""
