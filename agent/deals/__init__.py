"""Questions about land deals: read, planned as typed queries of the source `deals`, and said."""
