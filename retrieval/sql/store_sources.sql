-- Which files the store was built from, as JSON; no row for a store that does not say.
SELECT value FROM store_meta WHERE key = 'sources'
