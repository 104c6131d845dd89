"""Real data from its public sources: one module a source, one engine for all downloads. Does not answer questions."""
