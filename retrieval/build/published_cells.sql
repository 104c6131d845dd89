-- One row a region, year and class: a figure, a zero, or the reason why there is none. region_codes_in: the codes each
-- region is read under; zeros_in: classes that are zero where they have no row: the main classes where those that are
-- there add up to the whole, so that nothing was left out of the table; the unnamed crops where the class beside them has
-- one. Any other class of the table that a region has no row of in a year is not published.
INSERT INTO published_cells
WITH area AS (SELECT code, any_value(area_km2) AS area_km2 FROM region_areas GROUP BY code),
figure AS (
    SELECT code, land_cover, year, any_value(flag) AS flag,
        any_value(value) FILTER (WHERE unit = 'PC') AS percent, any_value(value) FILTER (WHERE unit = 'KM2') AS km2,
        any_value(cv) AS cv, any_value(se) AS se
    FROM statistics GROUP BY code, land_cover, year
),
cell AS (
    SELECT r.region_id, r.level, r.country, r.year, r.code, r.part, r.rank, r.listed, r.land, f.land_cover, f.flag,
        a.area_km2, f.cv, f.percent IS NULL AS share_computed, f.km2 IS NULL AS area_computed,
        CASE WHEN f.flag LIKE '%n%' THEN 'not_significant' WHEN f.flag LIKE '%u%' THEN 'low_reliability'
            ELSE 'published' END AS status,
        coalesce(f.percent, round(100 * f.km2 / a.area_km2, 1)) AS percent,
        coalesce(f.km2, f.percent * a.area_km2 / 100) AS km2,
        f.se, CASE WHEN r.year = 2022 THEN f.se ELSE share_se(f.percent, f.cv, f.flag, NULL) END AS change_se
    FROM region_codes_in AS r JOIN figure AS f USING (code, year) LEFT JOIN area AS a USING (code)
),
whole AS (
    SELECT * FROM cell WHERE NOT part
    QUALIFY row_number() OVER (PARTITION BY region_id, year, land_cover ORDER BY rank) = 1
),
complete AS (
    SELECT region_id, year, NULL AS part FROM whole
    WHERE land_cover LIKE '_00' GROUP BY ALL HAVING sum(percent) >= 98
    UNION ALL
    SELECT region_id, year, code FROM cell
    WHERE part AND land_cover LIKE '_00' GROUP BY ALL HAVING sum(percent) >= 98
),
zero AS (
    SELECT r.region_id, r.level, r.country, r.year, r.code, r.part, r.rank, r.listed, r.land, z.land_cover, a.area_km2
    FROM region_codes_in AS r CROSS JOIN zeros_in AS z LEFT JOIN area AS a USING (code)
    WHERE (r.part OR r.rank = 0)
      AND NOT EXISTS (FROM cell AS c WHERE c.region_id = r.region_id AND c.year = r.year
            AND c.land_cover = z.land_cover AND (NOT r.part OR c.code = r.code))
      AND CASE WHEN z.beside = '' THEN EXISTS (FROM complete AS c WHERE c.region_id = r.region_id AND c.year = r.year
            AND c.part IS NOT DISTINCT FROM CASE WHEN r.part THEN r.code END)
        ELSE EXISTS (FROM cell AS c WHERE c.region_id = r.region_id AND c.year = r.year
            AND c.land_cover = z.beside AND (NOT r.part OR c.code = r.code)) END
),
every_part AS (
    SELECT region_id, level, country, year, code, rank, land_cover, flag, area_km2, status,
        CASE WHEN status = 'not_significant' THEN NULL ELSE percent END AS percent, se, change_se
    FROM cell WHERE part
    UNION ALL
    SELECT region_id, level, country, year, code, rank, land_cover, '', area_km2, 'published', 0.0, 0.0, 0.0
    FROM zero WHERE part
),
parts AS (SELECT region_id, year, count(*) AS parts FROM region_codes_in WHERE part GROUP BY region_id, year),
known AS (
    SELECT region_id, level, country, year, land_cover, code, land,
        CASE WHEN status = 'not_significant' THEN NULL ELSE percent END AS percent,
        CASE WHEN status = 'not_significant' THEN NULL ELSE km2 END AS km2,
        area_km2 AS total_km2, status, coalesce(flag, '') AS flag, share_computed, area_computed, 0.05 AS rounding,
        cv, se, change_se, listed
    FROM whole
    UNION ALL
    SELECT region_id, level, country, year, land_cover, code, land, 0.0, 0.0, area_km2, 'about_zero', '', false, true, 0.0,
        NULL, NULL, NULL, listed
    FROM zero WHERE NOT part
    UNION ALL
    SELECT region_id, any_value(level), any_value(country), year, land_cover, string_agg(code, '+' ORDER BY rank), '',
        round(sum(percent * area_km2) / sum(area_km2), 1), sum(percent * area_km2) / 100, sum(area_km2),
        CASE WHEN bool_or(status = 'low_reliability') THEN 'low_reliability' ELSE 'published' END,
        CASE WHEN bool_or(coalesce(flag, '') LIKE '%u%') THEN 'u' ELSE '' END, true, true, 0.1, NULL,
        CASE WHEN count(se) = count(*) THEN sqrt(sum((se * area_km2) ** 2)) / sum(area_km2) END,
        CASE WHEN count(change_se) = count(*) THEN sqrt(sum((change_se * area_km2) ** 2)) / sum(area_km2) END, false
    FROM every_part JOIN parts USING (region_id, year)
    GROUP BY region_id, year, land_cover
    HAVING count(percent) = any_value(parts)
),
place AS (
    SELECT region_id, any_value(country) AS country, any_value(level ORDER BY year DESC) AS level
    FROM region_codes_in GROUP BY region_id
),
there AS (
    SELECT region_id, year, any_value(r.level) AS level, any_value(listed) AS listed,
        any_value(area_km2) AS area_km2
    FROM region_codes_in AS r LEFT JOIN area USING (code) WHERE NOT part AND rank = 0 GROUP BY region_id, year
),
class AS (SELECT land_cover FROM statistics UNION SELECT land_cover FROM zeros_in)
FROM known
UNION ALL
SELECT region_id, coalesce(there.level, place.level), country, year, land_cover, '', '', NULL, NULL,
    area_km2, 'not_published', '', false, false, 0.0, NULL, NULL, NULL, coalesce(listed, false)
FROM place CROSS JOIN (SELECT DISTINCT year FROM statistics) CROSS JOIN class LEFT JOIN there USING (region_id, year)
    ANTI JOIN known USING (region_id, year, land_cover)
ORDER BY region_id, land_cover, year
