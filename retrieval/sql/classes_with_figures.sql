-- The land covers of which any figure is published.
SELECT DISTINCT land_cover FROM published_cells WHERE status <> 'not_published' ORDER BY land_cover
