-- The store's tables. Coordinates are longitude first, EPSG:4326; x, y are EPSG:3035 metres. Version: Store.SCHEMA.

CREATE TABLE store_meta (key VARCHAR PRIMARY KEY, value VARCHAR);

CREATE TABLE datasets (
    id VARCHAR, title VARCHAR, version VARCHAR, licence VARCHAR, attribution VARCHAR,
    sha256 VARCHAR, -- of the source file as it was read
    rows BIGINT, years INTEGER[], west DOUBLE, south DOUBLE, east DOUBLE, north DOUBLE,
    synthetic BOOLEAN, kind VARCHAR -- survey, statistics, vine_areas, deals, regions, places or pixels
);

-- One row a survey location. A LUCAS id EEEENNNN is its easting and northing in km; other ids are negative.
CREATE TABLE points (
    point_id INTEGER, lon DOUBLE, lat DOUBLE, x DOUBLE, y DOUBLE, geom GEOMETRY, dataset VARCHAR
);

-- One row a visit: a point in a year. NUTS codes as the source gives them, NULL where it gives none.
CREATE TABLE records (
    point_id INTEGER, year SMALLINT, lc1 VARCHAR, lc2 VARCHAR, lu1 VARCHAR, lu2 VARCHAR,
    obs_type VARCHAR, obs_date DATE, elevation INTEGER,
    nuts0 VARCHAR, nuts1 VARCHAR, nuts2 VARCHAR, nuts3 VARCHAR, photos VARCHAR[], dataset VARCHAR
);

-- Which points lie in which regions, in the order of region_id, so that one region is one short scan.
CREATE TABLE point_regions (
    region_id VARCHAR, point_id INTEGER,
    how VARCHAR, -- recorded: by the record's own code; within: by the outline; nearest: at most 2 km from it
    only_year SMALLINT -- where another survey recorded the point in another region: the year it counts here
);

-- The groups of countries (the EU) and their members, which do not overlap.
CREATE TABLE region_groups (group_id VARCHAR, member VARCHAR);

-- The visits of each region, in the order of region_id and, within, along a Hilbert curve: what most questions read, so
-- that one region is one short scan and no join. region_id '' is everywhere; groups are left out: see region_groups.
CREATE TABLE region_visits (
    region_id VARCHAR, point_id INTEGER, year SMALLINT, lon DOUBLE, lat DOUBLE, lc1 VARCHAR, lu1 VARCHAR,
    obs_date DATE, dataset VARCHAR, by_coast BOOLEAN, elevation INTEGER
);

-- The points of each region visited twice: one row a pair of years, in the order of region_id. '' is everywhere.
CREATE TABLE revisits (
    region_id VARCHAR, point_id INTEGER, lon DOUBLE, lat DOUBLE, elevation INTEGER, year_from SMALLINT,
    year_to SMALLINT, lc_from VARCHAR, lc_to VARCHAR, lu_from VARCHAR, lu_to VARCHAR
);

-- In which survey years a dimension that some lack was recorded at all.
CREATE TABLE recorded (dimension VARCHAR, year SMALLINT, rows BIGINT);

CREATE TABLE regions (
    id VARCHAR, name VARCHAR, level VARCHAR, country VARCHAR, parent VARCHAR, source VARCHAR, vintage VARCHAR,
    licence VARCHAR, area_km2 DOUBLE, west DOUBLE, south DOUBLE, east DOUBLE, north DOUBLE,
    same_as VARCHAR, -- the id preferred among those of the same land; its own id where it is that one
    geom GEOMETRY
);
CREATE TABLE region_names (
    region_id VARCHAR, name VARCHAR, norm VARCHAR, language VARCHAR,
    kind VARCHAR -- official, exonym, old, alias or code
);

CREATE TABLE places (
    id VARCHAR, name VARCHAR, lon DOUBLE, lat DOUBLE, country VARCHAR, population INTEGER, source VARCHAR
);
CREATE TABLE place_names (place_id VARCHAR, name VARCHAR, norm VARCHAR, language VARCHAR);

-- Figures as published; a row that is missing is not published.
CREATE TABLE statistics (
    code VARCHAR, land_cover VARCHAR, year SMALLINT, unit VARCHAR, value DOUBLE,
    flag VARCHAR, -- u: low reliability; n: not significant, not a figure to quote
    cv DOUBLE, -- coefficient of variation, percent of the value, as published; NULL where none is
    se DOUBLE, -- standard error, percentage points of the region's area: see share_se; NULL where no interval is given
    dataset VARCHAR
);
CREATE TABLE region_areas (code VARCHAR, year SMALLINT, area_km2 DOUBLE);

-- The figures settled by region: one row a region, year and class of the table, whatever code it was published under.
CREATE TABLE published_cells (
    region_id VARCHAR, level VARCHAR, country VARCHAR, year SMALLINT, land_cover VARCHAR,
    code VARCHAR, -- the code it is published under; several joined by +; '' where it is not
    land VARCHAR, -- what land it speaks of where that is not today's region: the Union's members, a region redrawn since
    percent DOUBLE, km2 DOUBLE, -- NULL where there is no figure to quote
    total_km2 DOUBLE, -- of the region, inland water included
    status VARCHAR, -- published, low_reliability, not_significant, about_zero or not_published
    flag VARCHAR, share_computed BOOLEAN, area_computed BOOLEAN, -- which of the two is made of the other or of parts
    rounding DOUBLE, -- half the width in percentage points of what the published digits stand for
    cv DOUBLE, -- coefficient of variation as published, percent
    se DOUBLE, -- standard error of percent, in percentage points; NULL where no sampling error is published
    change_se DOUBLE, -- the same beside another year of the region, on the same grid: without its error, but in 2022
    listed BOOLEAN -- stands in the list of its level; else another name of the same land does
);

-- The area under vines as farm statistics state it: told beside the figures above, never mixed with them. Asked only
-- where a dataset of this kind is stamped: stores made before this table stay good.
CREATE TABLE vine_areas (code VARCHAR, year SMALLINT, area_ha DOUBLE, flag VARCHAR, dataset VARCHAR);

-- The weights of a survey's points, where they are handed out. Asked only where a dataset of this kind is stamped, as above.
CREATE TABLE survey_weights (
    point_id INTEGER, year SMALLINT, stratum VARCHAR,
    weight DOUBLE -- points of the 2 km grid that the point stands for
);

-- The survey's points with the land that each stands for in a region: retrieval/build/estimated_points.sql.
CREATE TABLE estimated_points (
    region_id VARCHAR, level VARCHAR, country VARCHAR, year SMALLINT,
    point_id BIGINT, -- negative: no point, but what a region without a point of the class is taken to have
    land_cover VARCHAR, land_use VARCHAR, elevation INTEGER,
    km2 DOUBLE, -- of the region's land
    -- what its error is made of: points of one class of a region, or of one stratum, share it. n points stand for km2; of a
    -- part f of them the variance is km2² f(1 − f)/n · times + f² · variance; grid: km² a point of the first phase, 0: in it
    cell STRUCT(region VARCHAR, "year" SMALLINT, "of" VARCHAR, km2 DOUBLE, n BIGINT, variance DOUBLE, times DOUBLE, grid DOUBLE),
    total_km2 DOUBLE, -- of the region
    points BIGINT, -- of its main class in the region; with weights of the region
    listed BOOLEAN -- as in published_cells
);

-- Land deals as Land Matrix exports them, and what was once said of each. Asked only where a dataset of this kind is
-- stamped, as above. Codes: retrieval/data/landmatrix/terms.csv; hectares, NULL where none is stated.
CREATE TABLE deals (
    deal_id INTEGER, country VARCHAR, country_name VARCHAR,
    country_number SMALLINT, region_number SMALLINT, -- as Land Matrix numbers them: UN M49
    places VARCHAR[], -- the country, the regions of the world it lies in, and the regions that hold a location
    transnational BOOLEAN,
    size_ha DOUBLE, -- contract, else production; of an intended or failed deal the intended size first
    contract_ha DOUBLE, production_ha DOUBLE, intended_ha DOUBLE,
    negotiation VARCHAR, implementation VARCHAR, -- the current states
    year SMALLINT, -- of initiation: the earliest that is stated of negotiation or implementation
    intentions VARCHAR[], natures VARCHAR[], former_cover VARCHAR[], former_use VARCHAR[], former_owner VARCHAR[],
    impacts VARCHAR[], water_sources VARCHAR[], crops VARCHAR[], animals VARCHAR[], minerals VARCHAR[], -- the current ones
    carbon_offset BOOLEAN, conflict BOOLEAN, displacement BOOLEAN, contract_farming BOOLEAN, jobs BOOLEAN,
    local_jobs BOOLEAN, export BOOLEAN, domestic_use BOOLEAN, processing BOOLEAN, water_extraction BOOLEAN,
    irrigation BOOLEAN, -- NULL: not known
    community_reaction VARCHAR, community_consultation VARCHAR, forest_concession BOOLEAN,
    operating_company INTEGER, company VARCHAR,
    investor_ids INTEGER[], -- the operating company and the top parent companies
    investors VARCHAR[], investor_countries VARCHAR[], -- the top parents, the operating company where none is named
    investor_kinds VARCHAR[], fully_updated DATE, created DATE, dataset VARCHAR
);
CREATE TABLE deal_history (
    deal_id INTEGER,
    field VARCHAR, -- contract, production, negotiation, implementation, intention, crop, animal or mineral
    date VARCHAR, year SMALLINT, "current" BOOLEAN, area_ha DOUBLE, code VARCHAR
);
CREATE TABLE deal_locations (
    deal_id INTEGER, lon DOUBLE, lat DOUBLE,
    accuracy VARCHAR, -- COUNTRY, ADMINISTRATIVE_REGION, APPROXIMATE_LOCATION, EXACT_LOCATION or COORDINATES
    name VARCHAR
);
CREATE TABLE investors (investor_id INTEGER, name VARCHAR, country VARCHAR, kind VARCHAR);

-- One pixel's year: 12 months in a row of B2 B3 B4 B5 B6 B7 B8 B8A B11 B12, surface reflectance x 10 000, month-major.
CREATE TABLE pixels (
    location VARCHAR, lon DOUBLE, lat DOUBLE,
    year SMALLINT, -- that of the middle of the twelve months
    point_id INTEGER,
    lc_label VARCHAR, -- LUCAS code, at whatever level the label is clear; NULL where it is not
    bands USMALLINT[120], -- 65535: missing
    masked_months UTINYINT[], -- 0 to 11: months, counted from first_month, without a usable observation
    missing_bands VARCHAR[], -- bands the source does not have
    first_month DATE, -- the month bands[1..10] belong to
    source VARCHAR,
    source_label VARCHAR -- the label in the source's own words
);
CREATE TABLE embeddings (location VARCHAR, year SMALLINT, model VARCHAR, vector BLOB /* float16 */);
CREATE TABLE predictions (
    location VARCHAR, year SMALLINT, model VARCHAR, prompt_set VARCHAR,
    land_cover VARCHAR, score FLOAT, probability FLOAT
);

-- What the build found: one row a check and source.
CREATE TABLE quality (
    dataset VARCHAR, "check" VARCHAR, rows BIGINT,
    action VARCHAR, -- kept, set to null, dropped or none needed
    detail VARCHAR, examples VARCHAR[]
);

-- What the survey's queries share; kept in the store, so that a query copied from a provenance line runs there.

-- Great-circle distance in km on a sphere of 6371.0088 km (mean Earth radius, IUGG).
CREATE MACRO km_between(lon_a, lat_a, lon_b, lat_b) AS
    2 * 6371.0088 * asin(sqrt(
        sin(radians(lat_b - lat_a) / 2) ** 2
        + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(radians(lon_b - lon_a) / 2) ** 2));

-- The sampling error of published shares. The same rules in Python, with their reasons: tools/estimation.py.

-- The variance in pp² of a share over the survey's first phase, its 2 km grid: a point for 4 km². Coefficients of
-- variation are published as if the grid were the whole land.
CREATE MACRO grid_variance(percent, km2) AS percent * (100 - percent) / (km2 / 4);

-- A variance with that of rounding to one decimal (0.1² / 12 pp²), where it makes more than a sixteenth of it.
CREATE MACRO with_rounding(variance) AS
    variance + CASE WHEN 0.01 / 12 > variance / 16 THEN 0.01 / 12 ELSE 0 END;

-- The standard error in percentage points of a published share: survey (cv), grid (km2, NULL: left out) and rounding.
-- NULL for no figure, a flag n, a share of nothing or everything, no coefficient of variation or one of 100 and more.
CREATE MACRO share_se(percent, cv, flag, km2) AS
    CASE WHEN percent > 0 AND percent < 100 AND cv < 100 AND NOT contains(coalesce(flag, ''), 'n')
    THEN sqrt(with_rounding((cv / 100 * percent) ** 2 + coalesce(grid_variance(percent, km2), 0))) END;

-- The ends in percent of a share's 95 % interval, symmetric on the logit; NULL where there is no standard error.
CREATE MACRO share_end(percent, se, z) AS
    100 / (1 + (100 - percent) / percent * exp(-z * se / (percent * (1 - percent / 100))));
CREATE MACRO share_low(percent, se) AS share_end(percent, se, -1.959963984540054);
CREATE MACRO share_high(percent, se) AS share_end(percent, se, 1.959963984540054);

-- A number with no digit finer than half its standard error, 100 and more as a whole one.
CREATE MACRO readable(number, se) AS
    round(number, CASE WHEN abs(number) >= 100 THEN 0 WHEN se >= 0.1 THEN 1 WHEN se >= 0.01 THEN 2 ELSE 3 END);
