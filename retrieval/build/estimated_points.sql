-- The survey's points with the land each stands for, for every region whose main classes are published (calibrated) or
-- whose points have sampling weights (design-based). The formulas in words: docs/estimation.md; in Python, on which a test
-- holds this: tools/composition.py, tools/weighted.py. factors_in: level, main class, from so many points, factor.
INSERT INTO estimated_points
WITH visit AS (
    SELECT region_id, point_id, year, left(lc1, 1) AS main, lc1 AS land_cover, lu1 AS land_use, elevation
    FROM region_visits WHERE lc1 IS NOT NULL AND region_id <> ''
),
whole AS ( -- regions and years with published figures; what is not a group
    SELECT region_id, level, country, year, left(land_cover, 1) AS main, percent / 100 AS share,
        coalesce(se, 0) / 100 AS se, total_km2, listed
    FROM published_cells
    WHERE land_cover IN ('B00', 'C00', 'D00', 'E00') AND level <> 'group' AND percent > 0 AND total_km2 > 0
),
named AS ( -- of each country the share whose class is named: of some cropland, seen on photographs only, it is not
    SELECT w.region_id, w.country, w.year, w.main,
        w.share - CASE w.main WHEN 'B' THEN coalesce(sum(u.percent) / 100, 0) ELSE 0 END AS share
    FROM whole AS w LEFT JOIN published_cells AS u ON u.region_id = w.region_id AND u.year = w.year
        AND u.land_cover IN ('B10-50_PI', 'B70-80_PI')
    WHERE w.level = 'country' AND w.listed GROUP BY w.region_id, w.country, w.year, w.main, w.share
),
class AS (SELECT DISTINCT year, main, land_cover FROM visit WHERE main IN ('B', 'C', 'D', 'E')),
of_main AS (SELECT region_id, year, main, count(*) AS n_m FROM visit GROUP BY ALL),
of_class AS (SELECT region_id, year, land_cover, count(*) AS n_k FROM visit GROUP BY ALL),
prior AS ( -- the part of a class in its main class, as its country publishes it, else of its points
    SELECT n.country, n.year, n.main, c.land_cover, p.percent IS NULL OR n.share <= 0 AS of_points,
        CASE WHEN p.percent IS NULL OR n.share <= 0 THEN (coalesce(k.n_k, 0) + 0.5) / (coalesce(m.n_m, 0) + 1)
            ELSE least(p.percent / 100 / n.share, 1) END AS pi
    FROM named AS n JOIN class AS c USING (year, main)
    LEFT JOIN published_cells AS p ON p.region_id = n.region_id AND p.year = n.year AND p.land_cover = c.land_cover
    LEFT JOIN of_main AS m ON m.region_id = n.region_id AND m.year = n.year AND m.main = n.main
    LEFT JOIN of_class AS k ON k.region_id = n.region_id AND k.year = n.year AND k.land_cover = c.land_cover
),
moment AS ( -- how far the regions of a country are from its composition, beyond what so few points make
    SELECT w.country, w.year, c.land_cover,
        sum((coalesce(k.n_k, 0) / m.n_m - p.pi) ** 2 - p.pi * (1 - p.pi) / m.n_m) AS apart,
        sum(p.pi * (1 - p.pi) * (1 - 1 / m.n_m)) AS spread
    FROM whole AS w JOIN of_main AS m USING (region_id, year, main) JOIN class AS c USING (year, main)
    JOIN prior AS p USING (country, year, main, land_cover) LEFT JOIN of_class AS k USING (region_id, year, land_cover)
    WHERE w.level = 'nuts2' AND w.listed AND m.n_m >= 5 AND p.pi > 0 AND p.pi < 1
    GROUP BY ALL
),
strength AS ( -- K of the beta-binomial by the regions of the other countries
    SELECT p.country, p.year, p.land_cover,
        1 / least(greatest((t.apart - coalesce(o.apart, 0)) / greatest(t.spread - coalesce(o.spread, 0), 1e-12), 0.002), 0.9)
            - 1 AS k
    FROM prior AS p
    JOIN (SELECT year, land_cover, sum(apart) AS apart, sum(spread) AS spread FROM moment GROUP BY ALL) AS t
        USING (year, land_cover)
    LEFT JOIN moment AS o USING (country, year, land_cover)
),
part AS (
    SELECT w.*, c.land_cover, m.n_m, coalesce(n.n_k, 0) AS n_k, coalesce(p.of_points, false) AS of_points,
        CASE WHEN w.level = 'country' THEN 1 ELSE coalesce(s.k, 499) END AS k,
        CASE WHEN w.level = 'country' THEN 0 ELSE coalesce(p.pi, 0) END AS pi,
        CASE WHEN w.level = 'country' THEN 'country' ELSE 'nuts2' END AS rule
    FROM whole AS w JOIN of_main AS m USING (region_id, year, main) JOIN class AS c USING (year, main)
    LEFT JOIN of_class AS n USING (region_id, year, land_cover)
    LEFT JOIN prior AS p ON p.country = w.country AND p.year = w.year AND p.land_cover = c.land_cover
    LEFT JOIN strength AS s ON s.country = w.country AND s.year = w.year AND s.land_cover = c.land_cover
    WHERE m.n_m >= CASE WHEN w.level = 'country' THEN 30 ELSE 5 END
),
theta AS (SELECT *, (n_k + k * pi) / (n_m + k) AS theta FROM part),
widened AS (
    SELECT t.*, f.factor * CASE WHEN t.rule = 'nuts2' AND of_points THEN 1.3 ELSE 1 END AS factor
    FROM theta AS t ASOF JOIN factors_in AS f ON f.rule = t.rule AND f.main = t.main AND t.n_m >= f.least
),
cell AS (
    SELECT region_id, level, country, year, land_cover, n_m, n_k, total_km2, listed, {
        'region': region_id, 'year': year, 'of': land_cover, 'km2': share * theta * total_km2, 'n': greatest(n_k, 1),
        'variance': (factor * total_km2) ** 2 * (share ** 2 * theta * (1 - theta) / (n_m + k + 1) + (theta * se) ** 2),
        'times': factor ** 2, 'grid': 0.0
    } AS cell
    FROM widened
),
sampled AS ( -- points with weights: grid points of 4 km², brought to the region's area
    SELECT v.*, r.level, r.country, r.total_km2, r.listed, s.stratum, s.weight,
        sum(s.weight) OVER (PARTITION BY v.region_id, v.year) AS points,
        count(*) OVER (PARTITION BY v.region_id, v.year) AS visits
    FROM visit AS v JOIN survey_weights AS s USING (point_id, year)
    JOIN (SELECT id AS region_id, level, country, area_km2 AS total_km2, coalesce(same_as, id) = id AS listed
        FROM regions WHERE area_km2 > 0) AS r USING (region_id)
),
stratum AS (
    SELECT region_id, year, stratum, sum(weight) AS size, count(*) AS n, any_value(total_km2 / points) AS km2
    FROM sampled WHERE visits >= 30 GROUP BY ALL
)
SELECT c.region_id, c.level, c.country, c.year, v.point_id, c.land_cover, v.land_use, v.elevation,
    c.cell.km2 / c.n_k AS km2, c.cell, c.total_km2, c.n_m, c.listed
FROM cell AS c JOIN visit AS v USING (region_id, year, land_cover)
WHERE NOT EXISTS (FROM stratum AS s WHERE s.region_id = c.region_id AND s.year = c.year)
UNION ALL -- what no point of the region is, but points and figures of its country say
SELECT region_id, level, country, year, -row_number() OVER (), land_cover, NULL, NULL, cell.km2, cell, total_km2, n_m, listed
FROM cell AS c
WHERE n_k = 0 AND cell.km2 > 0
    AND NOT EXISTS (FROM stratum AS s WHERE s.region_id = c.region_id AND s.year = c.year)
UNION ALL
SELECT s.region_id, s.level, s.country, s.year, s.point_id, s.land_cover, s.land_use, s.elevation, s.weight * h.km2, {
        'region': s.region_id, 'year': s.year, 'of': s.stratum, 'km2': h.size * h.km2, 'n': h.n, 'variance': 0.0,
        'times': greatest(1 - h.n / h.size, 0) * h.n / greatest(h.n - 1, 1), 'grid': 4.0
    }, s.total_km2, s.visits, s.listed
FROM sampled AS s JOIN stratum AS h USING (region_id, year, stratum)
ORDER BY region_id, year, land_cover
