-- What the survey's queries share; kept in the store itself, so that a query copied from a provenance line runs there.

-- Great-circle distance in km on a sphere of 6371.0088 km (mean Earth radius, IUGG).
CREATE OR REPLACE MACRO km_between(lon_a, lat_a, lon_b, lat_b) AS
    2 * 6371.0088 * asin(sqrt(
        sin(radians(lat_b - lat_a) / 2) ** 2
        + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(radians(lon_b - lon_a) / 2) ** 2));

-- Does a record show one of these classes? An empty list asks for any.
CREATE OR REPLACE MACRO shows(lc1, lu1, land_cover, land_use, exclude) AS
    (len(land_cover) = 0 OR list_contains(land_cover, lc1))
    AND (len(land_use) = 0 OR list_contains(land_use, lu1))
    AND NOT list_contains(exclude, coalesce(lc1, ''))
    AND NOT list_contains(exclude, coalesce(lu1, ''));

-- The points of some regions (none: of everywhere) that lie in a box and, where given, in an outline (WKB) and within
-- some km of a position. by_coast: assigned to the nearest region because generalised borders leave it outside.
CREATE OR REPLACE MACRO points_in(regions, west, south, east, north, outline, lon0, lat0, km) AS TABLE
    SELECT point_id, any_value(lon) AS lon, any_value(lat) AS lat, bool_and(how = 'nearest') AS by_coast
    FROM (
        SELECT point_id, how FROM point_regions WHERE region_id IN (SELECT unnest(regions))
        UNION ALL
        SELECT point_id, 'within' FROM points WHERE len(regions) = 0
    ) JOIN points USING (point_id)
    WHERE lon BETWEEN west AND east AND lat BETWEEN south AND north
      AND (outline IS NULL OR ST_Covers(ST_GeomFromWKB(outline), geom))
      AND (km IS NULL OR km_between(lon0, lat0, lon, lat) <= km)
    GROUP BY point_id;
