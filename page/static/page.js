// The page's own script: map, look around, table, conversation, list of conversations, and the links between them.
// The map is drawn from one structure (`drawing`, made by page/map.py): the legend cannot differ from what is drawn.
"use strict";
window.landask = (() => {
  const here = (path) => new URL(path, document.baseURI.split("?")[0].split("#")[0]).href;
  const dark = () => document.body.classList.contains("dark");
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const lang = () => document.documentElement.lang || "en";
  const shownKm2 = (km2) => { const [value, unit] = km2 >= 0.01 ? [km2, "km²"] : [km2 * 1e6, "m²"];    // as page/numbers.py does
    return `${new Intl.NumberFormat(lang(), { maximumSignificantDigits: 3 }).format(value)} ${unit}`; };
  const shownNumber = (value) => new Intl.NumberFormat(lang(), { maximumFractionDigits: 2 }).format(value).replace("-", "−");
  const fill = (tag, node, attributes, children) => {
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "text") node.textContent = value;
      else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== undefined) node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  };
  const make = (tag, attributes = {}, ...children) => fill(tag, document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) => fill(tag, document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  // ---- the map ----
  const view = { map: null, drawing: null, ready: false, drawn: 0, draw: null, words: {}, highlight: null, lost: 0, slow: 0,
    year: null, off: new Set(), unmarked: new Set(), opacity: {}, compared: [], selection: null, order: [], corners: [], stepped: -1, swiped: null };
  const LEGEND_PX = 252, TOOLBAR_PX = 26;    // before they are there
  const PATIENCE_MS = 20_000;    // a map that has not started by then is shown as a picture
  const MOST_SLOW = 3;    // maps that did not start: after fewer the next answer tries again
  const MOST_LOST = 5;    // times the map is made anew before its picture is shown instead
  const OPAQUE = 0.82;    // of shaded regions, so that rivers, borders and towns show through
  const SERIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
  const grounds = {
    light: { sea: "#dfe9f0", land: "#f7f5f0", line: "#a9a49a", name: "#57534a", halo: "#ffffff", water: "#b9d3e4", town: "#3f3c36" },
    dark: { sea: "#16202b", land: "#2a3038", line: "#5d6672", name: "#c3c8cf", halo: "#14181d", water: "#1d2f40", town: "#d9dde3" },
  };
  const ground = () => grounds[dark() ? "dark" : "light"];
  const BASE_CREDIT = "Natural Earth (public domain), towns: GeoNames (CC BY 4.0)";

  // Names are drawn by the browser's own fonts when the map first needs them: no glyph files, no request.
  // In a canvas that is read back at once: one in the graphics card's memory takes a tenth of a second a name.
  const readable = () => document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  let pen = null;
  function nameImage(text, font, colour, dot) {
    const context = (pen ||= readable()), { canvas } = context;
    context.font = font;
    const from = dot ? 18 : 5;
    canvas.width = Math.ceil(context.measureText(text).width) + from + 6;
    canvas.height = 34;
    Object.assign(context, { font, textBaseline: "middle", lineWidth: 5, lineJoin: "round", strokeStyle: ground().halo, fillStyle: colour });
    context.strokeText(text, from, 17);
    context.fillText(text, from, 17);
    if (dot) {
      context.beginPath(); context.arc(8, 17, 4.5, 0, 7);
      context.lineWidth = 2.5; context.stroke(); context.fill();
    }
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }
  function missing(map, id) {
    const [kind, rank, name] = id.split("|");
    const fonts = { land: "600 22px", town2: "600 23px", town1: "500 21px", town0: "400 19px" };
    const family = "system-ui, 'Noto Sans', sans-serif";
    if (kind === "land") return map.addImage(id, nameImage(countryName(rank, name), `${fonts.land} ${family}`, ground().name, false), { pixelRatio: 2 });
    if (kind === "town") return map.addImage(id, nameImage(name, `${fonts["town" + rank]} ${family}`, ground().town, true), { pixelRatio: 2 });
  }
  function countryName(iso, name) {
    try { return (iso && new Intl.DisplayNames([lang()], { type: "region" }).of(iso)) || name; } catch { return name; }
  }

  const PATTERNS = ["hatch", "dots", "over-lines", "over-dots"];
  function patternImage(name) {
    const size = 8, context = readable();
    context.canvas.width = context.canvas.height = size;
    const over = name.startsWith("over-");    // upon a shade, which must be seen through it
    if (over) name = name.slice(5);
    if (!over) {
      context.fillStyle = dark() ? "#3a3f46" : "#ffffff";
      context.fillRect(0, 0, size, size);
    }
    context.fillStyle = context.strokeStyle = over ? (dark() ? "#e6e6e6" : "#202020") : "#8a8a8a";
    if (name === "dots") {
      context.beginPath(); context.arc(4, 4, 1.6, 0, 7); context.fill();
      return context.getImageData(0, 0, size, size);
    }
    context.lineWidth = over ? 0.8 : 1.2;
    for (const shift of [-size, 0, size]) {
      context.beginPath(); context.moveTo(shift, size); context.lineTo(shift + size, 0); context.stroke();
    }
    return context.getImageData(0, 0, size, size);
  }

  // Shaded regions lie between land and coast, so that their edges are the coast's own. The world is coarse, Europe fine.
  const NEAR = 4;    // from this zoom on Europe's own tiles are drawn
  const look = () => `${dark()} ${lang()}`;    // what a style is made for: theme and language of names
  function baseStyle(online) {
    const g = ground(), own = "name_" + lang();
    const near = (id, more) => ({ id, source: "base", "source-layer": id, minzoom: NEAR, ...more });
    const far = (id, layer, more) => ({ id, source: "world", "source-layer": layer, ...more });
    const rank = ["case", [">=", ["get", "people"], 500000], "2", [">=", ["get", "people"], 100000], "1", "0"];
    const border = { type: "line", paint: { "line-color": g.line, "line-width": 0.9 } };
    const tiles = [here("files/base/") + "{z}/{x}/{y}.pbf"];
    const style = { version: 8, sources: {
      world: { type: "vector", tiles, minzoom: 0, maxzoom: NEAR - 1, attribution: BASE_CREDIT },
      base: { type: "vector", tiles, minzoom: NEAR, maxzoom: 7, bounds: [-45, 15, 60, 81] },
      relief: { type: "raster", tiles: [here("files/base/relief/") + "{z}/{x}/{y}.webp"], minzoom: 2, maxzoom: 5, tileSize: 512, bounds: [-45, 15, 60, 81] } },
      layers: [{ id: "sea", type: "background", paint: { "background-color": g.sea } },
        far("world-land", "land", { type: "fill", paint: { "fill-color": g.land, "fill-antialias": false } }),
        near("land", { type: "fill", paint: { "fill-color": g.land, "fill-antialias": false } })] };
    if (online) {
      style.sources.online = { type: "raster", tiles: [online.tiles], tileSize: 256, attribution: online.attribution };
      style.layers.push({ id: "online", type: "raster", source: "online" });
    } else {
      style.layers.push({ id: "relief", type: "raster", source: "relief", paint: { "raster-opacity": ["interpolate", ["linear"], ["zoom"], 3, dark() ? 0.5 : 0.7, 8, 0.35, 11, 0], "raster-fade-duration": 0 } },
        far("world-coast", "sea", { type: "fill", maxzoom: NEAR, paint: { "fill-color": g.sea } }),
        near("coast", { "source-layer": "sea", type: "fill", paint: { "fill-color": g.sea } }),
        near("lakes", { type: "fill", paint: { "fill-color": g.water } }),
        near("rivers", { type: "line", paint: { "line-color": g.water, "line-width": ["interpolate", ["linear"], ["zoom"], 4, 0.7, 9, 2.2] } }));
    }
    style.layers.push(far("world-borders", "borders", { ...border, maxzoom: NEAR }), near("borders", border),
      near("towns", { type: "symbol", layout: { "icon-image": ["concat", "town|", rank, "|", ["coalesce", ["get", own], ["get", "name"]]],
        "icon-anchor": "left", "icon-offset": [-8, 0], "icon-padding": 4, "symbol-sort-key": ["-", 0, ["get", "people"]] } }),
      far("names", "countries", { type: "symbol", maxzoom: 6.5,
        filter: ["<", ["get", "place"], ["step", ["zoom"], 40, 3, 130, 4.5, 260]], layout: {
          "icon-image": ["concat", "land|", ["get", "iso"], "|", ["get", "name"]], "icon-padding": 6, "symbol-sort-key": ["get", "place"] } }));
    return style;
  }
  // Heights a layer may lie at, each beneath the first of these parts of the land that is there, and where each kind lies.
  const HEIGHTS = [["world-coast", "world-borders"], ["world-borders"], ["towns"], []], LIES = { areas: 0, flags: 0, image: 1, outline: 2, points: 3 };
  const beneath = (map, height) => HEIGHTS[height].find((id) => map.getLayer(id));

  // The dark outline of the region asked about would not be seen on the dark map.
  const ink = (colour) => (dark() && colour === "#1f2933" ? "#e8e8e8" : colour);
  const markKey = (layer) => (layer.indicator?.years ? "_m" + yearOf(layer) : "_m");
  const ownColours = (layer) => layer.marks[0]?.pattern === "natural";
  const colourOf = (layer) => (ownColours(layer) ? ["get", "_c"] : ["match", ["get", markKey(layer)], ...layer.marks.flatMap((mark, at) => [at, mark.colour]), "rgba(0,0,0,0)"]);
  const shownMarks = (layer, at) => layer.marks.map((_, m) => m).filter((m) => !view.unmarked.has(`${at}:${m}`));
  const ofMarks = (layer, marks) => ["in", ["get", markKey(layer)], ["literal", marks]];

  // Of several shaded maps one is drawn, for each would hide the one below; the legend's buttons choose.
  const dated = (layer, year = yearOf(layer)) => (layer.indicator?.years ? `${layer.title}, ${year}` : layer.title);
  const shaded = (drawing) => drawing.layers.flatMap((layer, at) => (layer.kind === "areas" ? [at] : []));
  // The share to look around in: the one drawn, or whose change is; else the first. The year chosen is its year.
  const sharePlace = (drawing) => {
    const drawn = drawing.layers[view.theme], share = (layer) => layer.indicator?.years;
    const at = drawing.layers.findIndex((layer) => share(layer) && (layer === drawn || layer.title === drawn?.of));
    return at < 0 ? drawing.layers.findIndex(share) : at;
  };
  const shareLayer = () => view.drawing?.layers[sharePlace(view.drawing)];
  const yearOf = (layer) => (layer === shareLayer() && view.year) || layer.indicator?.year;
  const isUnderDrawn = (layer) => {
    const { drawing: { layers }, theme, off } = view, under = shaded(view.drawing).find((place) => layers[place].title === layer.of);
    if (under === undefined) return true;
    return layer.kind === "outline" ? [layers[theme].title, layers[theme].of].includes(layer.of) : under === theme && !off.has(under);
  };
  // The list of layers from the lowest to the highest. Of the shaded maps one is drawn, so that they move as one, and what
  // stands upon a map goes with it.
  const rowsOf = (drawing) => drawing.layers.flatMap(({ kind }, at) => (kind !== "flags" && (kind !== "areas" || at === shaded(drawing)[0]) ? [at] : []));
  const upon = ({ title }) => view.drawing.layers.flatMap(({ kind, of }, at) => (kind === "flags" && of === title ? [at] : []));
  const inOrder = () => view.order.flatMap((row) => { const { layers } = view.drawing, at = layers[row].kind === "areas" ? view.theme : row; return [at, ...upon(layers[at])]; });
  const isDrawn = (layer, at) => !view.off.has(at) && (layer.kind === "areas" ? at === view.theme : isUnderDrawn(layer));
  const pictureOf = (drawing) => `take/${drawing.key}/${shaded(drawing).length > 1 ? `map-${view.theme}` : "map"}.png`;
  function lookAround() {
    const share = shareLayer()?.indicator;
    view.year = share ? share.year : null;
    view.compared = share ? share.asked.slice(0, 4) : [];
  }
  async function choose(at) {
    const before = shareLayer(), { drawing } = view;
    await Promise.all(withIts(at, drawing).map(loadLayer));
    if (view.drawing !== drawing) return;    // another answer came meanwhile
    view.theme = at;
    if (shareLayer() !== before) { lookAround(); renewExplore(); }
    if (view.ready) fit();
    for (const layer of withIts(at, drawing)) view.off.delete(drawing.layers.indexOf(layer));
    renewLegend();
    view.root.querySelector(`.la-legend [data-theme="${at}"]`)?.focus();
    for (const link of document.querySelectorAll(`a[href^="take/${view.drawing.key}/map"][href$=".png"]`))
      link.setAttribute("href", pictureOf(view.drawing));
    if (view.ready) paint();
    else if (!view.map) showPicture(view.root.querySelector(".la-canvas"));
  }

  // A layer, with what is set upon it.
  const withIts = (at, { layers }) => layers.filter((layer, place) => place === at || (layer.of && layer.of === layers[at].title));

  // What the results' layers listen to ends with them.
  const hear = (map, ...what) => (map.heard ||= []).push(map.on(...what));
  // From below: no layer lies higher than one that is above it in the list.
  function addLayers(map) {
    const { layers } = view.drawing, drawn = inOrder().filter((at) => isDrawn(layers[at], at)), heights = {};
    drawn.reduceRight((ceiling, at) => (heights[at] = Math.min(ceiling, LIES[layers[at].kind])), HEIGHTS.length - 1);
    for (const at of drawn) addLayer(map, layers[at], at, heights[at]);
  }
  function addLayer(map, layer, at, height) {
    const id = "result-" + at, opacity = view.opacity[at] ?? 1, above = beneath(map, height), below = layer.kind === "points" ? beneath(map, 0) : above;
    if (layer.kind === "image") {
      map.addSource(id, { type: "image", url: here(layer.url), coordinates: layer.corners });
      map.addLayer({ id, type: "raster", source: id, paint: { "raster-opacity": 0.9 * opacity, "raster-resampling": "nearest",
        "raster-fade-duration": 0 } }, above);
      return;
    }
    map.addSource(id, { type: "geojson", data: { type: "FeatureCollection", features: layer.features }, attribution: layer.attribution });
    const marks = shownMarks(layer, at);
    if (layer.kind === "areas") {
      map.addLayer({ id, type: "fill", source: id, filter: ofMarks(layer, marks), paint: { "fill-color": colourOf(layer), "fill-opacity": OPAQUE * opacity,
        "fill-antialias": false } }, below);
      layer.marks.forEach((mark, m) => mark.pattern && marks.includes(m) && map.addLayer({ id: id + "-pattern-" + m, type: "fill", source: id,
        filter: ofMarks(layer, [m]), paint: { "fill-pattern": mark.pattern, "fill-opacity": opacity } }, below));
      map.addLayer({ id: id + "-edge", type: "line", source: id, paint: { "line-color": dark() ? "#cfcfcf" : "#5a5a5a",
        "line-width": 0.5, "line-opacity": opacity } }, below);
    } else if (layer.kind === "flags") {
      const { pattern } = layer.marks[0];
      map.addLayer({ id, type: "fill", source: id, filter: view.year ? ["==", ["get", "_u" + view.year], pattern] : ofMarks(layer, [0]),
        paint: { "fill-pattern": "over-" + pattern, "fill-opacity": opacity } }, below);
    } else if (layer.kind === "outline") {
      map.addLayer({ id, type: "line", source: id, paint: { "line-color": ink(layer.marks[0].colour), "line-width": 2.4, "line-opacity": opacity } }, below);
    } else {
      const many = layer.features.length > MANY && !ownColours(layer);
      if (many) addHexagons(map, layer, at, marks, opacity, below);
      if (layer.cell) addCells(map, layer, at, marks, opacity, below);
      map.addLayer({ id, type: "circle", ...(many ? { minzoom: DOTS_FROM } : {}), ...(layer.cell ? { maxzoom: cellsFrom(layer) } : {}), source: id, filter: ofMarks(layer, marks), paint: { "circle-color": colourOf(layer),
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 3, many ? 1.8 : 2.8, 6, many ? 3 : 4.5, 9, 6.5, 13, 9], "circle-opacity": opacity,
        "circle-stroke-color": dark() ? "#e8e8e8" : "#2b2b2b", "circle-stroke-opacity": opacity,
        "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 3, many ? 0.2 : 0.7, 8, 0.9] } }, above);
    }
    if (["areas", "points"].includes(layer.kind)) {
      const shape = layer.kind === "areas"
        ? { type: "line", paint: { "line-color": dark() ? "#ffffff" : "#000000", "line-width": 3 } }
        : { type: "circle", paint: { "circle-radius": 11, "circle-color": "rgba(0,0,0,0)",
            "circle-stroke-color": dark() ? "#ffffff" : "#000000", "circle-stroke-width": 2.5 } };
      map.addLayer({ id: id + "-here", source: id, filter: ["==", ["get", "_f"], -1], ...shape });
      hear(map, "mousemove", id, (event) => { map.getCanvas().style.cursor = "pointer"; hover(event.features[0].properties._f); tip(event, layer); });
      hear(map, "mouseleave", id, () => { map.getCanvas().style.cursor = view.draw ? "crosshair" : ""; hover(null); tip(null); });
    }
    if (layer.indicator?.years)
      map.addLayer({ id: id + "-compared", type: "line", source: id, filter: comparedFilter(),
        paint: { "line-color": comparedColour(), "line-width": 3 } });
  }
  // Thousands of points far away hide each other: they are gathered into hexagons, each in the colour of its commonest mark.
  const MANY = 600, DOTS_FROM = 7, HEX_PX = 13;
  function hexagons(layer, marks, zoom) {
    const unit = HEX_PX / (512 * 2 ** zoom), high = unit * Math.sqrt(3), cells = new Map();
    const mercator = ([lon, lat]) => [(lon + 180) / 360, 0.5 - Math.log(Math.tan(Math.PI / 4 + lat * Math.PI / 360)) / (2 * Math.PI)];
    const lonlat = ([x, y]) => [x * 360 - 180, (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 2 - Math.PI / 2) * 180 / Math.PI];
    for (const { geometry, properties } of layer.features) {
      if (!marks.includes(properties[markKey(layer)])) continue;
      const [x, y] = mercator(geometry.coordinates);
      let column = Math.round(x / (1.5 * unit)), row = 0, best = Infinity;
      for (const c of [column - 1, column, column + 1]) {
        const r = Math.round(y / high - (c & 1) / 2), far = (x - c * 1.5 * unit) ** 2 + (y - (r + (c & 1) / 2) * high) ** 2;
        if (far < best) [best, column, row] = [far, c, r];
      }
      const key = `${column} ${row}`, cell = cells.get(key) || { column, row, counts: {} };
      cell.counts[properties[markKey(layer)]] = (cell.counts[properties[markKey(layer)]] || 0) + 1;
      cells.set(key, cell);
    }
    return [...cells.values()].map(({ column, row, counts }) => {
      const x = column * 1.5 * unit, y = (row + (column & 1) / 2) * high;
      const corners = [0, 1, 2, 3, 4, 5, 0].map((k) => lonlat([x + unit * Math.cos(k * Math.PI / 3), y + unit * Math.sin(k * Math.PI / 3)]));
      const [most, n] = Object.entries(counts).sort((a, b) => b[1] - a[1])[0], all = Object.values(counts).reduce((a, b) => a + b, 0);
      return { type: "Feature", geometry: { type: "Polygon", coordinates: [corners] }, properties: { [markKey(layer)]: +most, n: all, of: n } };
    });
  }
  function addHexagons(map, layer, at, marks, opacity, below) {
    const id = `result-${at}-hex`, level = () => Math.min(Math.floor(map.getZoom()), DOTS_FROM - 1);
    let now = level();
    const made = hexagons(layer, marks, now), most = Math.max(...made.map(({ properties }) => properties.n), 2);
    map.addSource(id, { type: "geojson", data: { type: "FeatureCollection", features: made } });
    map.addLayer({ id, type: "fill", source: id, maxzoom: DOTS_FROM, paint: { "fill-color": colourOf(layer), "fill-outline-color": dark() ? "rgba(255,255,255,.35)" : "rgba(0,0,0,.3)",
      "fill-opacity": ["interpolate", ["linear"], ["sqrt", ["get", "n"]], 1, 0.3 * opacity, Math.sqrt(most), opacity] } }, below);
    hear(map, "mousemove", id, (event) => tip(event, layer));
    hear(map, "mouseleave", id, () => tip(null));
    hear(map, "zoomend", () => {
      if (!map.getSource(id) || level() === now) return;
      now = level();
      map.getSource(id).setData({ type: "FeatureCollection", features: hexagons(layer, shownMarks(layer, at), now) });
    });
  }
  // A satellite's pixel is a square of the ground: from near by it is drawn as one, side by side with its neighbours.
  // Pixels that lie scattered stay dots until a square is as large as one.
  const SIDE_BY_SIDE = 0.3, CELLS_FROM = 11, ALONE_FROM = 15.5, METRES_A_DEGREE = 111_320, RAD = Math.PI / 180;
  const GRID_MERIDIAN = 10;    // of EPSG:3035, whose squares stand askew away from it
  function cellsFrom({ cell, features }) {
    const [lons, lats] = [0, 1].map((axis) => features.map(({ geometry }) => geometry.coordinates[axis]).sort((a, b) => a - b));
    const high = (lats.at(-1) - lats[0]) * METRES_A_DEGREE, wide = (lons.at(-1) - lons[0]) * METRES_A_DEGREE * Math.cos(lats[0] * RAD);
    return features.length * cell * cell > SIDE_BY_SIDE * wide * high ? CELLS_FROM : ALONE_FROM;
  }
  function square({ geometry: { coordinates: [lon, lat] }, properties }, metres) {
    const askew = (lon - GRID_MERIDIAN) * Math.sin(lat * RAD) * RAD, half = metres / 2 / METRES_A_DEGREE;
    const corner = ([x, y]) => [lon + half * (x * Math.cos(askew) + y * Math.sin(askew)) / Math.cos(lat * RAD), lat + half * (y * Math.cos(askew) - x * Math.sin(askew))];
    return { type: "Feature", properties, geometry: { type: "Polygon", coordinates: [[[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]].map(corner)] } };
  }
  function addCells(map, layer, at, marks, opacity, below) {
    const id = `result-${at}-cells`, features = layer.features.map((feature) => square(feature, layer.cell));
    map.addSource(id, { type: "geojson", tolerance: 0, data: { type: "FeatureCollection", features } });
    map.addLayer({ id, type: "fill", source: id, minzoom: cellsFrom(layer), filter: ofMarks(layer, marks), paint: { "fill-color": colourOf(layer), "fill-opacity": OPAQUE * opacity, "fill-antialias": false } }, below);
    hear(map, "mousemove", id, (event) => { map.getCanvas().style.cursor = "pointer"; hover(event.features[0].properties._f); tip(event, layer); });
    hear(map, "mouseleave", id, () => { map.getCanvas().style.cursor = view.draw ? "crosshair" : ""; hover(null); tip(null); });
  }
  const comparedFilter = () => ["in", ["get", "region"], ["literal", view.compared]];
  const comparedColour = () => (view.compared.length
    ? ["match", ["get", "region"], ...view.compared.flatMap((id, at) => [id, SERIES[at % SERIES.length]]), "#000000"] : "#000000");

  // What lies under the pointer, by name.
  function tip(event, layer) {
    const box = view.root.querySelector(".la-tip");
    if (!event || view.draw) { box.hidden = true; return; }
    const { properties } = event.features[0];
    if (properties.n) { tipAt(event, `${layer.marks[properties[markKey(layer)]].label}: ${shownNumber(properties.of)}${properties.of < properties.n ? " / " + shownNumber(properties.n) : ""}`); return; }
    const share = layer.indicator?.regions?.[properties.region];
    const figure = share ? share.figures[view.year]?.[0] : properties[layer.fields.find(([key]) => ["change", "value", "points"].includes(key))?.[0]];
    const mark = layer.marks[properties[markKey(layer)]];
    tipAt(event, [properties._t, figure == null ? mark?.label : `${shownNumber(figure)} ${(layer.unit || "").split(" ")[0]}`].filter(Boolean).join(": "));
  }
  function tipAt(event, text) {
    const box = view.root.querySelector(".la-tip");
    box.textContent = text;
    const frame = view.map.getContainer();
    box.style.left = Math.min(event.point.x + 14, frame.clientWidth - 190) + "px";
    box.style.top = Math.max(event.point.y - 34, 4) + "px";
    box.hidden = !box.textContent;
  }

  // Of several maps the first shows all of the answer, another what is its own.
  function bounds(drawing) {
    const boxes = view.theme === shaded(drawing)[0] ? [] : (drawing.layers[view.theme]?.features || []).flatMap(({ geometry: { bbox } }) => (bbox ? [bbox] : []));
    const most = (at) => Math.max(...boxes.map((box) => box[at])), least = (at) => Math.min(...boxes.map((box) => box[at]));
    if (boxes.length) return [[least(0), least(1)], [most(2), most(3)]];
    if (drawing.bounds) return [[drawing.bounds[0], drawing.bounds[1]], [drawing.bounds[2], drawing.bounds[3]]];
    return [[-11, 35], [32, 66]];
  }
  // The result is shown beside the legend, not under it: to its right where there is room, else above it.
  function fit() {
    if (!view.map) return;
    view.fitted = true;
    view.map.fitBounds(bounds(view.drawing), { padding: room(), maxZoom: view.drawing.layers.some(({ cell }) => cell) ? 15 : 12, duration: still() || document.hidden ? 0 : 400 });
  }
  function room() {
    const part = (name) => view.root.querySelector(name), { clientWidth, clientHeight } = part(".la-canvas"), box = part(".la-legend");
    const open = (view.drawing.welcome || !box.hidden) && !box.classList.contains("la-shut");    // the first legend may be on its way
    const wide = box.offsetWidth || LEGEND_PX, high = part(".la-toolbar").offsetHeight || TOOLBAR_PX;
    return { top: Math.min(high + 16, clientHeight / 3), bottom: Math.min(46, clientHeight / 6), left: open && clientWidth - wide > 300 ? wide + 24 : 24, right: 50 };
  }

  function inView(feature, box) {
    const at = feature.geometry.type === "Point" ? feature.geometry.coordinates : (feature.properties._at || null);
    return !at || (at[0] >= box.getWest() && at[0] <= box.getEast() && at[1] >= box.getSouth() && at[1] <= box.getNorth());
  }
  function tellView() {
    const { root, map, drawing, words } = view;
    root.toggleAttribute("data-far", map.getZoom() < DOTS_FROM);
    const box = map.getBounds();
    const all = drawing.layers.flatMap((layer, at) => (["areas", "points"].includes(layer.kind) && isDrawn(layer, at) ? layer.features || [] : []));
    const out = drawing.welcome ? 0 : all.filter((f) => !inView(f, box)).length;
    const note = root.querySelector(".la-off");
    note.textContent = out ? words.off_screen.replace("{out}", out).replace("{all}", all.length) : "";
    note.hidden = !out;
  }

  // ---- the legend, which is the list of layers as well ----
  const renewLegend = () => view.root.querySelector(".la-legend").replaceWith(legend(view.drawing, view.words));
  function counts(layer) {
    if (!layer.indicator?.years || !layer.features) return layer.marks.map((mark) => mark.count);
    const key = markKey(layer);
    return layer.marks.map((_, m) => layer.features.filter((f) => f.properties[key] === m).length);
  }
  function flagged(layer) {
    return layer.kind === "flags" && [view.year && layer.features ? layer.features.filter((f) => f.properties["_u" + view.year] === layer.marks[0].pattern).length : layer.marks[0].count];
  }
  function legend(drawing, words) {
    // Built from the very marks the layers are coloured by.
    const box = make("div", { class: "la-legend" + (view.shut ? " la-shut" : ""), role: "group", "aria-label": words.legend });
    const themes = shaded(drawing);
    const fold = make("button", { type: "button", class: "la-fold", "aria-expanded": !view.shut, text: words.legend,
      onclick: () => { view.shut = !view.shut; renewLegend(); view.root.querySelector(".la-fold").focus(); } });
    const inside = make("div", { class: "la-layers" });
    for (const row of listed()) {
      if (drawing.layers[row].kind !== "areas") { inside.append(section(row)); continue; }
      for (const place of themes) {
        if (themes.length > 1) inside.append(make("button", { type: "button", class: "la-button la-theme", "data-theme": place,
          "aria-pressed": place === view.theme && !view.off.has(place), text: dated(drawing.layers[place]), onclick: () => choose(place) }));
        if (place !== view.theme || (themes.length > 1 && view.off.has(place))) continue;    // its button is its row
        inside.append(section(place, row), ...upon(drawing.layers[place]).filter((at) => flagged(drawing.layers[at])[0] !== 0 && isUnderDrawn(drawing.layers[at])).map((at) => section(at)));
      }
    }
    box.append(fold, inside);
    dragRows(inside);
    box.hidden = !drawing.layers.length;
    return box;
  }
  function swatchOf(layer, mark) {
    const shape = mark.pattern ? mark.pattern : layer.kind === "outline" ? "line" : layer.kind === "points" ? "dot" : "box";
    const swatch = make("span", { class: "la-swatch la-" + (layer.kind === "flags" ? "over-" : "") + shape, "aria-hidden": "true", "data-colour": mark.colour });
    if (!mark.pattern) swatch.style.setProperty("--mark", ink(mark.colour));
    return swatch;
  }
  // Up and down, by button or with the arrow keys on the eye; the row can be dragged as well.
  function movers(row, title, eye) {
    const rows = listed(), at = rows.indexOf(row), { words } = view;
    if (rows.length < 2 || at < 0) return [];
    const go = (by, part) => { move(row, by); view.root.querySelector(`.la-legend [data-row="${row}"] ${part}`)?.focus(); };
    const button = (by, name, sign) => make("button", { type: "button", class: "la-move", "data-move": name, "aria-label": `${words[name]}: ${title}`, "aria-disabled": rows[at + by] === undefined, text: sign, onclick: () => go(by, `[data-move=${name}]`) });
    eye.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (by) { event.preventDefault(); go(by, ".la-eye"); }
    });
    return [button(-1, "layer_up", "↑"), button(1, "layer_down", "↓")];
  }
  function dragRows(box) {
    const rowAt = (event) => +(event.target.closest?.("[data-row]")?.dataset.row ?? NaN);
    let dragged = NaN;
    box.addEventListener("dragstart", (event) => { dragged = rowAt(event); event.dataTransfer.effectAllowed = "move"; });
    box.addEventListener("dragover", (event) => { if (!isNaN(dragged) && !isNaN(rowAt(event))) event.preventDefault(); });
    box.addEventListener("drop", (event) => {
      const rows = listed(), [from, to] = [rows.indexOf(dragged), rows.indexOf(rowAt(event))];
      if (from < 0 || to < 0) return;
      event.preventDefault();
      move(dragged, to - from);
    });
  }
  // The rows of the list, from the highest layer to the lowest.
  const listed = () => view.order.filter((row) => { const { kind, of } = view.drawing.layers[row]; return kind === "areas" || !of || isUnderDrawn(view.drawing.layers[row]); }).reverse();
  // A row moves past as many rows of the list as are shown: up is towards the reader.
  function move(row, by) {
    const rows = listed(), other = rows[rows.indexOf(row) + by];
    if (other === undefined || other === row) return;
    view.order = view.order.filter((each) => each !== row);
    view.order.splice(view.order.indexOf(other) + (by < 0 ? 1 : 0), 0, row);
    keepOrder();
    renewLegend();
    if (view.ready) paint();
  }
  function section(place, row = place) {
    const { drawing, words } = view, layer = drawing.layers[place], hidden = view.off.has(place), named = layer.kind === "areas" && shaded(drawing).length > 1;
    const title = layer.kind === "flags" ? layer.marks[0].label : dated(layer) || layer.marks[0]?.label || "";
    const eye = make("button", { type: "button", class: "la-eye", "aria-pressed": !hidden, "aria-label": `${words.layer_show}: ${title}`, "data-layer": place,
      onclick: async () => { hidden ? view.off.delete(place) : view.off.add(place); keepOrder(); await loadLayer(layer); if (view.drawing.layers[place] !== layer) return; renewLegend(); if (view.ready) paint();
        view.root.querySelector(`[data-layer="${place}"]`)?.focus(); } });
    const name = layer.kind === "flags" && !hidden ? markOf(layer, place, 0, flagged(layer)[0]) : make("h2", { text: title, draggable: layer.kind !== "flags" && listed().length > 1 });
    const head = make("div", { class: "la-layer" }, eye, ...(named ? [] : [name]), ...(layer.kind === "flags" ? [] : movers(row, title, eye)));
    const whole = (...parts) => make("section", { ...(hidden ? { class: "la-hidden" } : {}), ...(head.querySelector(".la-move") ? { "data-row": row } : {}) }, ...parts);
    if (hidden) return whole(head);
    if (layer.unit) head.append(make("span", { class: "la-unit", text: layer.unit }));
    if (layer.source || layer.kind === "areas") {
      const more = make("details", { class: "la-info" }, make("summary", { "aria-label": `${words.sources}: ${title}`, text: "i" }),
        make("p", { class: "la-source", text: [layer.source, ...(layer.attribution || "").split(" | ").filter((credit) => credit && !layer.source.includes(credit))].join(" · ") }),
        make("label", {}, make("span", { text: words.opacity }), make("input", { type: "range", min: "0.1", max: "1", step: "0.1", value: view.opacity[place] ?? 1,
          oninput: (event) => { view.opacity[place] = +event.target.value; keepOrder(); if (view.ready) paint(); } })));
      head.append(more);
    }
    if (layer.kind === "points" && layer.features?.length > MANY && !ownColours(layer)) head.append(make("span", { class: "la-unit la-hexagons", text: words.hexagons }));
    if (layer.kind === "flags") return whole(head);
    const numbers = counts(layer);
    return whole(head, make("ul", {}, ...layer.marks.map((_, at) => make("li", { "data-mark": at }, markOf(layer, place, at, numbers[at])))));
  }
  // A mark with its swatch and number; where there are several, a click hides what bears it.
  function markOf(layer, place, at, count) {
    const { label } = layer.marks[at], name = `${place}:${at}`, parts = [swatchOf(layer, layer.marks[at]), make("span", { text: label }), ...(count == null ? [] : [make("span", { class: "la-count", text: count })])];
    if (layer.kind === "outline" || layer.marks.length < 2) return make("span", { class: "la-mark" }, ...parts);
    return make("button", { type: "button", class: "la-mark", "aria-pressed": !view.unmarked.has(name), onclick: () => {
      view.unmarked.has(name) ? view.unmarked.delete(name) : view.unmarked.add(name);
      renewLegend(); if (view.ready) paint(); view.root.querySelector(`[data-name="${name}"]`)?.focus(); }, "data-name": name }, ...parts);
  }

  // ---- popups ----
  function popup(event, layer, feature) {
    const rows = make("table");
    for (const [key, label] of layer.fields) {
      let value = feature.properties[key];
      if (key === "value" && layer.indicator?.years) value = layer.indicator.regions[feature.properties.region]?.figures[view.year]?.[0];
      if (value === undefined || value === null || value === "") continue;
      if (layer.labels[value]) value = layer.labels[value];
      else if (typeof value === "number" && !key.includes("year")) value = shownNumber(value);
      rows.append(make("tr", {}, make("th", { scope: "row", text: label }), make("td", { text: value })));
    }
    const mark = layer.marks[feature.properties[markKey(layer)]];
    if (layer.kind === "areas" && mark?.pattern) rows.append(make("tr", {}, make("td", { colspan: 2, text: mark.label })));
    const box = make("div", { class: "la-popup" }, make("strong", { text: feature.properties._t || layer.title }), ...(layer.indicator?.years ? [make("span", { class: "la-unit", text: dated(layer) })] : []), rows);
    const { region } = feature.properties;
    if (region && layer.indicator?.years)
      box.append(make("button", { type: "button", class: "la-button", text: view.words[view.compared.includes(region) ? "uncompare" : "compare"],
        onclick: () => { view.popup.remove(); compare(region); } }));
    if (region)
      box.append(make("button", { type: "button", class: "la-button", "data-use": region, text: view.words.use_region, onclick: () => {
        view.popup.remove();
        view.send("input", { kind: "region", id: region, name: feature.properties._t });
      } }));
    if (view.popup) view.popup.remove();
    tip(null);
    view.popup = new maplibregl.Popup({ maxWidth: "300px", focusAfterOpen: true, ...besides(feature, event.lngLat) }).setDOMContent(box).addTo(view.map);
    view.popup.setLngLat(view.popup.options.at);
    intoView(view.popup.getElement());
  }
  // Beside what it speaks of, on the side where there is most room, not upon it; a region that fills the map is met at its edge.
  function besides(feature, lngLat) {
    const { map } = view, { clientWidth: wide, clientHeight: high } = map.getContainer(), reach = { left: wide, right: 0, top: high, bottom: 0 };
    if (feature.geometry.type === "Point") return { at: lngLat, offset: 10 };
    const walk = (part) => {
      if (typeof part[0] !== "number") return part.forEach(walk);
      const { x, y } = map.project(part);
      Object.assign(reach, { left: Math.min(reach.left, x), right: Math.max(reach.right, x), top: Math.min(reach.top, y), bottom: Math.max(reach.bottom, y) });
    };
    const own = map.project(lngLat), parts = feature.geometry.type === "Polygon" ? [feature.geometry.coordinates] : feature.geometry.coordinates;
    const near = (part) => Math.min(...part[0].map((at) => { const { x, y } = map.project(at); return Math.hypot(x - own.x, y - own.y); }));
    walk(parts.reduce((best, part) => (near(part) < near(best) ? part : best))[0]);    // of several islands the one meant
    const sides = [["left", wide - reach.right, reach.right, own.y], ["right", reach.left, reach.left, own.y], ["top", high - reach.bottom, own.x, reach.bottom], ["bottom", reach.top, own.x, reach.top]];
    const [anchor, , x, y] = sides.reduce((best, side) => (side[1] > best[1] ? side : best));
    return { anchor, offset: 6, at: map.unproject([Math.max(0, Math.min(wide, x)), Math.max(0, Math.min(high, y))]) };
  }
  // A popup near the edge would be cut off: the map moves until it is whole.
  function intoView(node) {
    const inner = node.getBoundingClientRect(), outer = view.map.getContainer().getBoundingClientRect(), air = 8;
    const off = (low, high, least, most) => (low < least + air ? low - least - air : Math.max(0, high - most + air));
    const by = [off(inner.left, inner.right, outer.left + room().left - air, outer.right), off(inner.top, inner.bottom, outer.top, outer.bottom)];
    if (by[0] || by[1]) view.map.panBy(by, { duration: still() ? 0 : 250 });
  }

  function clicked(event) {
    if (view.moved) return;
    if (view.draw) return drawClick(event);
    const ids = view.drawing.layers.flatMap((_, at) => [`result-${at}`, `result-${at}-cells`]).filter((id) => view.map.getLayer(id));
    const spot = [[event.point.x - 5, event.point.y - 5], [event.point.x + 5, event.point.y + 5]];
    const found = ids.length ? view.map.queryRenderedFeatures(spot, { layers: ids.filter((id) =>
      ["points", "areas"].includes(view.drawing.layers[+id.split("-")[1]].kind)) }) : [];
    const image = view.drawing.layers.findIndex((layer) => layer.kind === "image");
    if (found.length) {
      const layer = view.drawing.layers[+found[0].layer.id.split("-")[1]];
      told(layer, layer.features[found[0].properties._i] || found[0], event.lngLat);
    } else if (image >= 0) {
      view.send("select", { key: view.drawing.key, feature: null, point_id: null, lon: event.lngLat.lng, lat: event.lngLat.lat });
    }
  }

  // Arrow keys go from result to result, west to east; Enter tells what a click would.
  function stepThrough(event) {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Enter: 0, " ": 0 }[event.key];
    if (way === undefined || !view.ready) return;
    event.preventDefault();
    const spot = (f) => (f.geometry.type === "Point" ? f.geometry.coordinates : f.properties._at);
    const all = view.drawing.layers.flatMap((layer, at) => (["areas", "points"].includes(layer.kind) && isDrawn(layer, at) ? (layer.features || []).filter(spot).map((feature) => ({ layer, feature })) : []))
      .sort((a, b) => spot(a.feature)[0] - spot(b.feature)[0]);
    if (!all.length) return;
    if (!way) { const now = all[view.stepped]; return now && told(now.layer, now.feature, { lng: spot(now.feature)[0], lat: spot(now.feature)[1] }); }
    view.stepped = view.stepped < 0 ? (way > 0 ? 0 : all.length - 1) : (view.stepped + way + all.length) % all.length;
    const { layer, feature } = all[view.stepped], mark = layer.marks[feature.properties[markKey(layer)]], at = spot(feature);
    hover(feature.properties._f);
    if (!view.map.getBounds().contains(at)) view.map.jumpTo({ center: at });
    say(`${view.stepped + 1} / ${all.length}: ${[feature.properties._t, feature.properties.point_id, mark?.label].filter(Boolean).join(", ")}`);
  }

  function told(layer, feature, lngLat) {
    popup({ lngLat }, layer, feature);
    const point = feature.properties.point_id ?? feature.properties.location;
    if (point) view.send("select", { key: view.drawing.key, feature: feature.properties._f ?? null, point_id: point, lon: lngLat.lng, lat: lngLat.lat });
  }

  // ---- "this region": polygon, rectangle, current view, a file dropped ----
  const ring = (points, kind) => kind === "rectangle" && points.length === 2
    ? [[points[0][0], points[0][1]], [points[1][0], points[0][1]], [points[1][0], points[1][1]], [points[0][0], points[1][1]], points[0]]
    : [...points, points[0]];
  const EARTH_KM = 6371.0088;
  function km2(corners) {
    // Area of a polygon on the sphere (Chamberlain and Duquette 2007); the server tells it on the ellipsoid.
    const rad = (degrees) => degrees * RAD;
    const sum = corners.slice(0, -1).reduce((total, [lon, lat], at) => {
      const [nextLon, nextLat] = corners[at + 1];
      return total + rad(nextLon - lon) * (2 + Math.sin(rad(lat)) + Math.sin(rad(nextLat)));
    }, 0);
    return Math.abs(sum * EARTH_KM * EARTH_KM / 2);
  }

  function showDrawn(points, kind) {
    const closed = points.length > 2 || (kind === "rectangle" && points.length === 2);
    const geometry = closed ? { type: "Polygon", coordinates: [ring(points, kind)] }
      : points.length === 2 ? { type: "LineString", coordinates: points }
      : { type: "MultiPoint", coordinates: points };
    const corners = points.map((at) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: at } }));
    showSelection({ type: "FeatureCollection", features: points.length ? [{ type: "Feature", properties: {}, geometry }, ...corners] : [] });
    if (closed) say(`${shownKm2(km2(ring(points, kind)))}. ${view.draw ? view.words["draw_" + kind + "_help"] : ""}`);
  }
  function showSelection(data) {
    const map = view.map;
    view.selection = data;
    if (!view.ready) return;
    if (map.getSource("selection")) return map.getSource("selection").setData(data);
    map.addSource("selection", { type: "geojson", data });
    map.addLayer({ id: "selection-fill", type: "fill", source: "selection", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#1d6fd8", "fill-opacity": 0.08 } });
    map.addLayer({ id: "selection-line", type: "line", source: "selection", paint: { "line-color": dark() ? "#8bc1ff" : "#1d6fd8", "line-width": 2.5, "line-dasharray": [2, 1] } });
    map.addLayer({ id: "selection-dots", type: "circle", source: "selection", filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-color": "#1d6fd8", "circle-radius": 5, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.5 } });
  }
  // While an area is drawn the conversation is out of reach; on a phone the map takes its place.
  function drawingNow(on) {
    document.querySelector(".la-panes")?.classList.toggle("la-drawing", on);
    for (const id of ["chat", "talks"]) document.getElementById(id)?.toggleAttribute("inert", on);
    view.map?.resize();
  }
  function startDraw(kind) {
    view.draw = { kind, points: [] };
    tip(null);
    drawingNow(true);
    view.map.doubleClickZoom.disable();
    view.map.getCanvas().style.cursor = "crosshair";
    showDrawn([], kind);
    say(view.words["draw_" + kind + "_help"]);
    buttons();
  }
  function stopDraw() {
    view.draw = null;
    drawingNow(false);
    view.map.getCanvas().style.cursor = "";
    setTimeout(() => view.map && view.map.doubleClickZoom.enable(), 50);
    buttons();
  }
  const rounded = ({ lng, lat }) => [+lng.toFixed(5), +lat.toFixed(5)];
  function drawClick(event) {
    const { kind, points } = view.draw;
    points.push(rounded(event.lngLat));
    showDrawn(points, kind);
    if (kind === "rectangle" && points.length === 2) finishDraw();
  }
  // What is dragged, by mouse or finger, in place of the map; the click that may end a move means nothing else.
  const DRAGGED_PX = 6;
  function dragged(event, move, end) {
    const { map } = view, [moves, ends] = event.type === "touchstart" ? ["touchmove", "touchend"] : ["mousemove", "mouseup"];
    event.preventDefault();
    const follow = (next) => {
      view.moved ||= Math.hypot(next.point.x - event.point.x, next.point.y - event.point.y) > DRAGGED_PX;
      if (view.moved) move(rounded(next.lngLat));
    };
    map.on(moves, follow);
    map.once(ends, () => {
      map.off(moves, follow);
      if (view.moved) end();
      setTimeout(() => { view.moved = false; });
    });
  }
  // A rectangle is drawn in one go, from corner to corner; two clicks do as well. A corner of an area can be moved while it
  // is drawn, and afterwards.
  function grab(event) {
    const { map, draw } = view, points = draw ? draw.points : view.corners, kind = draw?.kind || "polygon";
    if (event.originalEvent.touches?.length > 1) return;
    if (kind === "rectangle" && !points.length) {
      const start = rounded(event.lngLat);
      return dragged(event, (at) => showDrawn((draw.points = [start, at]), kind), finishDraw);
    }
    const at = points.findIndex((point) => { const spot = map.project(point); return Math.hypot(spot.x - event.point.x, spot.y - event.point.y) < 10; });
    if (at < 0) return;
    dragged(event, (to) => { points[at] = to; showDrawn(points, kind); }, () => {
      if (draw) return;
      say("");
      view.send("input", { kind: "drawn", name: view.area?.name, geometry: { type: "Polygon", coordinates: [ring(points, "polygon")] } });
    });
  }
  function finishDraw() {
    if (!view.draw) return;
    const { kind, points } = view.draw;
    const distinct = points.filter((p, i) => !i || p[0] !== points[i - 1][0] || p[1] !== points[i - 1][1]);
    if (distinct.length < (kind === "rectangle" ? 2 : 3)) return say(view.words.draw_more);
    stopDraw();
    say("");
    view.send("input", { kind: "drawn", nth: nextDrawn(), geometry: { type: "Polygon", coordinates: [ring(distinct, kind)] } });
  }
  function cancelDraw() { stopDraw(); showDrawn([], ""); say(""); }
  function useView() {
    const b = view.map.getBounds();
    const round = (v) => +v.toFixed(4);
    const points = [[round(b.getWest()), round(b.getSouth())], [round(b.getEast()), round(b.getNorth())]];
    view.send("input", { kind: "view", geometry: { type: "Polygon", coordinates: [ring(points, "rectangle")] } });
  }
  const say = (text) => { const box = view.root.querySelector(".la-say"); box.textContent = text; box.hidden = !text; };

  // The line that says which region is chosen carries its outline: the map shows it, and goes there where it is out of sight.
  // What was chosen once is kept in this browser, to be chosen again.
  const MOST_CORNERS = 60, MOST_AREAS = 20, AREAS = "landask-areas";
  const stored = (name) => { try { return JSON.parse(localStorage.getItem(name)) || []; } catch { return []; } };
  const store = (name, value) => { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* private window, or no room */ } };
  // Each area drawn has a number of its own, so that the list keeps them apart.
  const nextDrawn = () => 1 + Math.max(0, ...stored(AREAS).filter(({ properties }) => properties?.drawn === "drawn").map(({ name }) => +(/ (\d+)$/.exec(name)?.[1] ?? 1)));
  // "This region" of this tab: a reload brings it back.
  const REGION = "landask-region";
  const region = {
    keep(area) { try { sessionStorage.setItem(REGION, JSON.stringify(area)); } catch { /* private window */ } },
    kept() { try { return JSON.parse(sessionStorage.getItem(REGION)); } catch { return null; } },
  };
  const takeArea = ({ name, geometry, properties: { id } }) => view.send("input", id ? { kind: "region", id } : { kind: "kept", name, geometry });
  function chosen(element, watch) {
    const box = make("details", { id: "areas-fold" });
    const renew = talking.renewAreas = () => {
      const { areas = "", delete: remove } = talking.words, kept = stored(AREAS), open = box.open;
      box.hidden = !kept.length;
      box.replaceChildren(make("summary", { text: `${areas} (${kept.length})` }), make("ul", {}, ...kept.map((area, at) => make("li", {},
        make("button", { type: "button", class: "la-talk", "data-area": at, text: area.km2 ? `${area.name} (${shownKm2(area.km2)})` : area.name, onclick: () => { box.open = false; takeArea(area); } }),
        make("button", { type: "button", class: "la-deed", "aria-label": `${remove}: ${area.name}`, text: "×", onclick: () => { store(AREAS, kept.filter((other) => other !== area)); renew(); } })))));
      box.open = open;
    };
    const settle = () => {
      const slot = element.querySelector(".la-slot");
      if (slot && box.parentNode !== slot) slot.replaceChildren(box);
      const text = element.querySelector("[data-kept]")?.dataset.kept, area = text ? JSON.parse(text) : null;
      view.area = area;
      if (document.body.dataset.landask) region.keep(area);
      const rings = area?.geometry.type === "Polygon" && !area.properties.id ? area.geometry.coordinates : [];
      view.corners = rings.length === 1 && rings[0].length <= MOST_CORNERS + 1 ? rings[0].slice(0, -1) : [];
      const corners = view.corners.map((at) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: at } }));
      showSelection({ type: "FeatureCollection", features: area ? [{ type: "Feature", properties: {}, geometry: area.geometry }, ...corners] : [] });
      if (area) store(AREAS, [area, ...stored(AREAS).filter(({ name }) => name !== area.name)].slice(0, MOST_AREAS));
      if (area && view.map) goToShape(area.geometry);
      renew();
    };
    element.addEventListener("click", (event) => {
      const use = event.target.closest("[data-use]");
      if (use) view.send("input", { kind: "region", id: use.dataset.use });
    });
    watch("value", settle);
    settle();
  }
  function goToShape(shape) {
    const box = new maplibregl.LngLatBounds(), seen = view.map.getBounds();
    const walk = (part) => (typeof part[0] === "number" ? box.extend(part) : part.forEach(walk));
    walk(shape.coordinates);
    const small = box.getEast() - box.getWest() < (seen.getEast() - seen.getWest()) / 5;
    if (small || !seen.contains(box.getSouthWest()) || !seen.contains(box.getNorthEast()))
      view.map.fitBounds(box, { padding: room(), maxZoom: 12, duration: still() ? 0 : 400 });
  }
  function dropped(root) {
    const holds = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
    let over = null;
    const leave = () => { clearTimeout(over); root.classList.remove("la-dropping"); };
    document.addEventListener("dragover", (event) => {
      if (!holds(event)) return;
      event.preventDefault();
      root.classList.add("la-dropping");
      clearTimeout(over);
      over = setTimeout(leave, 800);    // a drag that is given up far from here is told by silence only
    });
    document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) leave(); });
    document.addEventListener("drop", (event) => {
      leave();
      const input = document.querySelector("#side input[type=file]"), file = event.dataTransfer?.files[0];
      if (!file || !input) return;
      event.preventDefault();
      const files = new DataTransfer();
      files.items.add(file);
      input.files = files.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // Two maps of one place, one over the other: what is drawn, and to the right of the handle what can be chosen beside it:
  // a layer that waits (another witness, the pixels from above), another shaded map, another survey year.
  function otherSides() {
    const { drawing, off, theme, year } = view, all = drawing.layers.map((_, at) => at), shades = shaded(drawing), share = drawing.layers[sharePlace(drawing)];
    const only = (at) => new Set(all.filter((other) => other !== at && drawing.layers[other].kind !== "outline"));
    const waits = drawing.welcome ? [] : all.filter((at) => drawing.layers[at].on === false && !["flags", "outline"].includes(drawing.layers[at].kind));
    const sides = waits.map((at) => ({ at, off: only(at), theme: shades.includes(at) ? at : theme, year: yearOf(drawing.layers[at]) || year, name: dated(drawing.layers[at]) }));
    if (!waits.length) sides.push(...shades.filter((at) => at !== theme).map((at) => ({ at, off: new Set(), theme: at, year: yearOf(drawing.layers[at]) || year, name: dated(drawing.layers[at]) })));
    const { years = [] } = share?.indicator || {};
    if (isDrawn(share || {}, all.indexOf(sharePlace(drawing)))) sides.push(...years.filter((other) => other !== year).map((other) => ({ at: sharePlace(drawing), off, theme, year: other, name: dated(share, other) })));
    return sides;
  }
  function swipe() {
    if (view.swiped) return endSwipe();
    const sides = otherSides(), frame = view.root.querySelector(".la-frame"), { map } = view;
    const pane = make("div", { class: "la-swiped" });
    const handle = make("input", { type: "range", class: "la-swipe", min: 0, max: 100, value: 50 + 50 * (room().left - room().right) / frame.clientWidth, "aria-label": view.words.swipe,
      oninput: () => { pane.style.clipPath = `inset(0 0 0 ${handle.value}%)`; bar.style.left = `${handle.value}%`; } });
    const choice = make("select", { "aria-label": view.words.swipe, onchange: () => lay() }, ...sides.map(({ name }, at) => make("option", { value: at, text: name })));
    const bar = make("span", { class: "la-swipe-bar", "aria-hidden": "true" }), marks = make("ul"), told = make("div", { class: "la-swipe-told" }, choice, marks);
    frame.append(pane, bar, handle, told);
    const other = new maplibregl.Map({ container: pane, style: baseStyle(view.drawing.online), attributionControl: false, interactive: false, renderWorldCopies: false,
      fadeDuration: 0, center: map.getCenter(), zoom: map.getZoom(), bearing: map.getBearing() });
    other.on("styleimagemissing", ({ id }) => missing(other, id));
    const follow = () => other.jumpTo({ center: map.getCenter(), zoom: map.getZoom(), bearing: map.getBearing() });
    map.on("move", follow);
    view.swiped = { end: () => { map.off("move", follow); other.remove(); for (const part of [pane, bar, handle, told]) part.remove(); } };
    const lay = async () => {
      const side = sides[choice.value], layer = view.drawing.layers[side.at];
      delete pane.dataset.drawn;
      await Promise.all(withIts(side.at, view.drawing).map(loadLayer));
      if (side !== sides[choice.value] || !pane.isConnected) return;    // another was chosen meanwhile
      const own = { off: view.off, theme: view.theme, year: view.year };
      clearResults(other);
      Object.assign(view, { off: side.off, theme: side.theme, year: side.year });
      addLayers(other);
      const shown = counts(layer);
      Object.assign(view, own);
      marks.replaceChildren(...layer.marks.filter((_, at) => shown[at] !== 0).map((mark) => make("li", {}, swatchOf(layer, mark), make("span", { text: mark.label }))));
      other.once("idle", () => { pane.dataset.drawn = side.name; });
      other.triggerRepaint();
    };
    other.on("load", () => { for (const name of PATTERNS) other.addImage(name, patternImage(name)); lay(); });
    handle.dispatchEvent(new Event("input"));
    buttons();
  }
  function endSwipe() { view.swiped?.end(); view.swiped = null; buttons(); }

  function buttons() {
    const bar = view.root.querySelector(".la-toolbar");
    view.root.querySelector(".la-keys").textContent = view.words.keys;
    view.root.querySelector(".la-keys").hidden = !view.map;
    const { words, draw } = view;
    const button = (name, run, pressed) => make("button", { type: "button", class: "la-button", "data-tool": name,
      text: words[name], onclick: run, ...(pressed === undefined ? {} : { "aria-pressed": pressed }) });
    if (!view.map) return bar.replaceChildren();
    bar.replaceChildren(
      button("draw_polygon", () => (draw ? cancelDraw() : startDraw("polygon")), draw?.kind === "polygon"),
      button("draw_rectangle", () => (draw ? cancelDraw() : startDraw("rectangle")), draw?.kind === "rectangle"),
      ...(draw ? [button("draw_done", finishDraw), button("draw_cancel", cancelDraw)] : [button("this_view", useView),
        ...(view.drawing && otherSides().length ? [button("swipe", swipe, Boolean(view.swiped))] : []), button("zoom_result", fit)]));
    view.root.style.setProperty("--la-bar", `${bar.offsetHeight}px`);    // what is told stands below
  }

  // ---- drawing an answer ----
  // What waits in the list of layers is fetched when it is wanted, but for the share that is looked around in.
  async function load(drawing) {
    const { layers } = drawing, share = (layer) => layer.indicator?.years, around = layers.find((layer) => layer.on !== false && share(layer)) || layers.find(share);
    await Promise.all(layers.filter((layer) => layer.on !== false || layer === around || (around && layer.of === around.title)).map(loadLayer));
    return drawing;
  }
  // How an answer's layers lie, which are seen and how much, is kept in this tab: a reload makes the same answer again.
  const LAID = "landask-layers", MOST_LAID = 20;
  const sameAnswer = ({ bounds, layers }) => JSON.stringify([bounds, layers.map(({ kind, marks }) => kind + marks.map(({ colour, count }) => colour + count))]);
  const laid = () => { try { return JSON.parse(sessionStorage.getItem(LAID)) || []; } catch { return []; } };
  function laidOut(drawing) {
    const waits = drawing.layers.flatMap((layer, at) => (layer.on === false ? [at] : [])), kept = laid().find(([name]) => name === sameAnswer(drawing))?.[1];
    return kept ? { ...kept, off: new Set(kept.off) } : { order: rowsOf(drawing), off: new Set(waits), opacity: {} };
  }
  function keepOrder() {
    const { drawing, order, off, opacity } = view, name = sameAnswer(drawing), others = laid().filter(([other]) => other !== name);
    try { sessionStorage.setItem(LAID, JSON.stringify([...others, [name, { order, off: [...off], opacity }]].slice(-MOST_LAID))); } catch { /* private window, or no room */ }
  }
  // What was fetched stays for a while: one goes back to the answer before, and to the first map with each new conversation.
  const fetched = new Map(), MOST_FETCHED = 24;
  async function loadLayer(layer) {
    if (layer.kind === "image" || layer.features) return;
    if (!fetched.has(layer.url)) {
      const reply = await fetch(here(layer.url));
      if (!reply.ok) { layer.features = []; layer.lost = true; return; }
      const found = await reply.json();
      found.features.forEach((f, i) => { f.properties._i = i; });
      fetched.set(layer.url, found);
      if (fetched.size > MOST_FETCHED) fetched.delete(fetched.keys().next().value);
    }
    const { features, indicator } = fetched.get(layer.url);
    layer.features = features;
    if (indicator) layer.indicator = indicator;    // with the figures of all regions
  }

  async function draw(value) {
    const turn = ++view.turn;
    view.words = value.words;
    view.wanted = value.key;
    const drawing = await load(value);
    if (turn !== view.turn) return;    // a newer answer came while this one was fetched
    hover(null);    // what was pointed at is gone
    const online = JSON.stringify(drawing.online || null) !== JSON.stringify(view.drawing?.online || null);
    view.drawing = drawing;
    view.theme = shaded(drawing)[0];
    view.unmarked = new Set();
    Object.assign(view, laidOut(drawing));
    lookAround();
    view.shut ??= view.root.clientWidth < 560;
    document.getElementById("drawer")?.classList.add("la-folded");    // matters on a phone only
    renewLegend();
    const notes = view.root.querySelector(".la-notes");
    notes.replaceChildren(...drawing.notes.map((note) => make("li", { text: note })));
    notes.hidden = !drawing.notes.length;
    // Before the first answer the map has the window to itself.
    const asked = Boolean(drawing.key) && !drawing.welcome;
    for (const id of ["stage", "chat"]) document.getElementById(id)?.classList.toggle("la-asked", asked);
    renewExplore();
    if (!view.map) start(); else if (online) restyle(); else if (view.ready) paint();
    buttons();
    if (view.map) view.map.resize();
    if (drawing.layers.length) fit();    // where nothing is drawn there is nowhere to go
  }

  function clearResults(map) {
    for (const one of map.heard?.splice(0) || []) one.unsubscribe();
    for (const layer of map.getStyle().layers.filter((l) => l.id.startsWith("result-"))) map.removeLayer(layer.id);
    for (const id of Object.keys(map.getStyle().sources).filter((s) => s.startsWith("result-"))) map.removeSource(id);
  }
  function paint() {
    const map = view.map;
    if (view.popup) view.popup.remove();
    tip(null);
    clearResults(map);
    endSwipe();
    for (const name of PATTERNS) {
      if (map.hasImage(name)) map.removeImage(name);
      map.addImage(name, patternImage(name));
    }
    addLayers(map);
    if (view.selection) showSelection(view.selection);
    for (const id of ["selection-fill", "selection-line", "selection-dots"]) if (map.getLayer(id)) map.moveLayer(id);
    map.once("idle", () => { view.drawn += 1; view.root.dataset.drawn = view.drawing.key || "none"; tellView(); showCards(); });
    map.triggerRepaint();
  }

  function restyle() {
    view.ready = false;
    view.look = look();
    renewLegend();
    view.map.setStyle(baseStyle(view.drawing.online), { diff: false });
    view.map.once("style.load", () => { view.ready = true; paint(); });
  }

  function start() {
    const canvas = view.root.querySelector(".la-canvas");
    canvas.replaceChildren();
    if (view.slow >= MOST_SLOW) return showPicture(canvas, view.words.slow);
    if (view.lost > MOST_LOST) return showPicture(canvas);
    try {
      view.map = new maplibregl.Map({ container: canvas, style: baseStyle(view.drawing.online), bounds: bounds(view.drawing), fitBoundsOptions: { padding: room() },
        attributionControl: false, maxZoom: 17, minZoom: 0, renderWorldCopies: false, dragRotate: true, fadeDuration: 0, locale: {
          "NavigationControl.ZoomIn": view.words.zoom_in, "NavigationControl.ZoomOut": view.words.zoom_out,
          "NavigationControl.ResetBearing": view.words.north, "AttributionControl.ToggleAttribution": view.words.sources,
          "Map.Title": view.words.map, "Popup.Close": view.words.close } });
    } catch (error) {
      return showPicture(canvas);
    }
    const map = view.map;
    let watchdog = null;
    // A page in the background is drawn when it is looked at.
    const patience = () => { watchdog = setTimeout(giveUp, PATIENCE_MS); };
    const giveUp = () => {
      if (view.map !== map || map.loadedOnce) return;
      if (document.hidden) return document.addEventListener("visibilitychange", patience, { once: true });
      view.slow += 1;
      map.remove();
      showPicture(canvas, view.words.slow);
    };
    patience();
    map.addControl(new maplibregl.NavigationControl({ visualizePitch: false }), "top-right");
    map.addControl(new maplibregl.ScaleControl({ maxWidth: 110, unit: "metric" }), "bottom-right");
    map.addControl(new maplibregl.AttributionControl({ compact: true }), "bottom-right");
    map.on("styleimagemissing", ({ id }) => missing(map, id));
    map.once("load", () => { map.loadedOnce = true; clearTimeout(watchdog); });
    map.once("style.load", () => {    // what is found need not wait for the land under it
      view.ready = true;
      fit();
      if (view.look !== look()) restyle(); else paint();    // they may have been chosen meanwhile
      // On a phone, and where they take several lines, the sources are one touch away: the legend names them as well.
      map.on("sourcedata", () => narrow(canvas));
    });
    map.on("webglcontextlost", () => contextLost(map));
    map.on("click", clicked);
    for (const start of ["mousedown", "touchstart"]) map.on(start, grab);
    map.on("dblclick", (event) => { if (view.draw) { event.preventDefault(); finishDraw(); } });
    map.on("movestart", ({ originalEvent }) => { if (originalEvent) view.fitted = false; });
    map.on("moveend", () => view.ready && tellView());
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Enter") finishDraw();
      if (event.key === "Escape" && view.draw) cancelDraw();
    });
    view.look = look();
  }

  function narrow(canvas) {
    const box = canvas.querySelector(".maplibregl-ctrl-attrib"), tall = box?.offsetHeight > 32 && !view.drawing.online;
    if ((canvas.clientWidth < 500 || tall) && !view.root.contains(document.activeElement))
      box?.classList.remove("maplibregl-compact-show");
  }

  // A graphics driver that was reset or ran out of memory takes all that was drawn with it: the map is made anew.
  function contextLost(map) {
    if (map !== view.map) return;
    const where = { center: map.getCenter(), zoom: map.getZoom(), bearing: map.getBearing() }, { key } = view.drawing;
    view.ready = false;
    view.map = null;
    view.lost += 1;
    setTimeout(() => {
      map.remove();
      if (!view.map) start();
      // Where it was, unless another answer has come meanwhile.
      if (view.map && view.drawing.key === key) { view.map.once("style.load", () => view.map.jumpTo(where)); view.map.jumpTo(where); }
      buttons();
    }, 500);
  }

  // Where the browser draws no map: the server's picture of it, with its legend, in a box as large as the map's.
  function showPicture(canvas, why = view.words.no_webgl) {
    view.map = null;
    const { drawing, words, root } = view;
    const picture = drawing.layers.length ? [make("img", { class: "la-picture", alt: words.picture, src: here(pictureOf(drawing)) })] : [];
    canvas.replaceChildren(make("p", { class: "la-nomap", text: why }), ...picture);
    // The picture has its own legend; of ours only the choice among shaded maps is left.
    root.querySelector(".la-legend").hidden = shaded(drawing).length < 2;
    root.querySelectorAll(".la-legend section").forEach((part) => part.remove());
    root.dataset.drawn = drawing.key || "none";
    view.drawn += 1;
    showCards();
    buttons();
  }

  // The pictures of the examples wait until the map stands there.
  function showCards() {
    if (view.drawn) document.querySelectorAll("img[data-src]").forEach((image) => { image.src = image.dataset.src; image.removeAttribute("data-src"); });
  }

  function map(element, props, trigger, watch) {
    view.turn = 0;
    view.send = (name, data) => trigger(name, data);
    view.root = make("div", { class: "la-map" },
      make("div", { class: "la-frame" }, make("div", { class: "la-canvas" }), make("div", { class: "la-legend" }), make("div", { class: "la-tip", hidden: "" }),
        make("div", { class: "la-toolbar", role: "toolbar" }), make("button", { type: "button", class: "la-keys", onkeydown: stepThrough, onblur: () => { hover(null); view.stepped = -1; } }),
        make("div", { class: "la-told" }, make("p", { class: "la-say", role: "status", hidden: "" }), make("p", { class: "la-off", role: "status", hidden: "" }),
          make("ul", { class: "la-notes" }))));
    const settle = () => {
      const slot = element.querySelector(".la-slot") || element;
      if (view.root.parentNode !== slot) slot.replaceChildren(view.root);
      const told = props.value && JSON.stringify(props.value);
      if (!told || (props.value.welcome && told === before)) return;
      const value = JSON.parse(told), bare = before === null && !isForAll();
      before = bare ? "" : told;
      draw(bare ? { ...value, key: "", layers: [] } : value);
    };
    let before = null;
    // The page comes with the first map in English; whom another awaits sees the land until then.
    const isForAll = () => navigator.language.startsWith("en") && !location.search;
    let wide = null;
    new ResizeObserver(([{ contentRect: { width } }]) => {
      if (view.map) view.map.resize();
      view.root.style.setProperty("--la-bar", `${view.root.querySelector(".la-toolbar").offsetHeight}px`);
      if (view.ready && view.fitted) fit();    // until somebody moves the map, all of the result stays in sight
      if (wide !== null && (wide < 560) !== (width < 560) && view.drawing) { view.shut = width < 560; renewLegend(); }
      wide = width;
    }).observe(view.root.querySelector(".la-canvas"));
    new MutationObserver(() => { if (view.ready && view.look !== look()) restyle(); })
      .observe(document.body, { attributes: true, attributeFilter: ["class"] });
    watch("value", settle);
    dropped(view.root);
    document.addEventListener("click", ({ target }) => {
      const tab = target.closest?.("#drawer button[role=tab]"), drawer = tab && document.getElementById("drawer");
      if (drawer) drawer.classList.toggle("la-folded", tab.dataset.last === "1" && !drawer.classList.contains("la-folded"));
      document.querySelectorAll("#drawer button[role=tab]").forEach((each) => { each.dataset.last = each === tab ? "1" : ""; });
    });
    settle();
  }

  // ---- the look around: one share, all regions, all survey years ----
  let exploreBox = null, playing = null;
  function explore(element) { exploreBox = element; renewExplore(); }
  function renewExplore() {
    clearInterval(playing);
    playing = null;
    const box = exploreBox?.querySelector(".la-explore");
    if (!box || !view.drawing) return;
    const layer = shareLayer();
    if (!layer) return box.replaceChildren(make("p", { class: "la-empty", text: view.words.no_explore || "" }));
    box.replaceChildren(sliderOf(layer), make("div", { class: "la-two" }, linesOf(layer), barsOf(layer)), figuresOf(layer));
  }
  // All regions and years as a table, made when it is opened; the file holds the ends of the intervals as well.
  function figuresOf(layer) {
    const { years, regions } = layer.indicator, { words } = view, all = Object.values(regions).sort((a, b) => a.name.localeCompare(b.name));
    const figure = (region, year) => region.figures[year] || [];
    const body = () => all.map((region) => make("tr", {}, make("th", { scope: "row", text: region.name }),
      ...years.map((year) => make("td", { text: figure(region, year)[0] == null ? "–" : shownNumber(figure(region, year)[0]) }))));
    const quoted = (value) => `"${String(value ?? "").replaceAll('"', '""')}"`;
    const save = () => {
      const lines = [[words.column_region, "year", "share_percent", "low_95", "high_95", "status"], ...Object.entries(regions).flatMap(([id, region]) =>
        years.map((year) => { const [value, status, , low, high] = figure(region, year); return [`${region.name} (${id})`, year, value, low, high, status]; }))];
      const text = "\ufeff" + lines.map((line) => line.map(quoted).join(",")).join("\r\n") + `\r\n${quoted(layer.source)}\r\n`;
      make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: `landask-${layer.title.toLowerCase().replace(/[^\p{L}\d]+/gu, "-")}.csv` }).click();
    };
    const box = make("details", { class: "la-figures", ontoggle: () => {
      if (!box.open || box.querySelector("table")) return;
      box.append(make("button", { type: "button", class: "la-deed", "data-figures": "csv", text: words.take_csv, onclick: save }),
        make("div", { class: "la-scroll", tabindex: 0, role: "region", "aria-label": layer.title }, make("table", {}, make("thead", {}, make("tr", {}, make("th", { scope: "col", text: words.column_region }),
          ...years.map((year) => make("th", { scope: "col", text: year })))), make("tbody", {}, ...body()))));
    } }, make("summary", { text: `${words.table}: ${layer.title}, ${years[0]}–${years.at(-1)} (${all.length})` }));
    return box;
  }
  function sliderOf(layer) {
    const { years } = layer.indicator, { words } = view, at = years.indexOf(view.year);
    const out = make("output", { text: view.year });
    const range = make("input", { type: "range", min: 0, max: years.length - 1, step: 1, value: at, "aria-label": words.survey_year, "aria-valuetext": view.year,
      oninput: (event) => setYear(years[+event.target.value]) });
    const play = make("button", { type: "button", class: "la-button", "data-play": "", "aria-pressed": Boolean(playing), text: words.play, onclick: () => {
      if (playing) { clearInterval(playing); playing = null; return play.setAttribute("aria-pressed", false); }
      let next = years.indexOf(view.year);
      playing = setInterval(() => { next = (next + 1) % years.length; setYear(years[next]); if (next === years.length - 1) { clearInterval(playing); playing = null; play.setAttribute("aria-pressed", false); } }, 1200);
      play.setAttribute("aria-pressed", true);
    } });
    return make("div", { class: "la-years" }, make("b", { text: layer.title }), make("span", { class: "la-unit", text: layer.unit }), play, range, out,
      make("span", { class: "la-ticks", "aria-hidden": "true" }, ...years.map((year) => make("button", { type: "button", tabindex: -1, text: year, onclick: () => setYear(year) }))));
  }
  function setYear(year) {
    view.year = year;
    const place = sharePlace(view.drawing);
    if (view.theme !== place) view.theme = place;
    view.off.delete(place);
    renewLegend();
    if (view.ready) paint();
    const box = exploreBox?.querySelector(".la-explore"), range = box?.querySelector("input[type=range]"), layer = shareLayer();
    if (!range) return;
    range.value = layer.indicator.years.indexOf(year);
    range.setAttribute("aria-valuetext", year);
    box.querySelector("output").textContent = year;
    box.querySelector(".la-lines").replaceWith(linesOf(layer));
    box.querySelector(".la-ranked").replaceWith(barsOf(layer));
  }
  function compare(region) {
    view.compared = view.compared.includes(region) ? view.compared.filter((id) => id !== region) : [...view.compared, region].slice(-SERIES.length);
    const layer = shareLayer(), box = exploreBox.querySelector(".la-explore"), id = `result-${sharePlace(view.drawing)}-compared`;
    box.querySelector(".la-lines").replaceWith(linesOf(layer));
    box.querySelector(".la-ranked").replaceWith(barsOf(layer));
    if (view.ready && view.map.getLayer(id)) { view.map.setFilter(id, comparedFilter()); view.map.setPaintProperty(id, "line-color", comparedColour()); }
  }
  function niceTop(value) {
    const power = 10 ** Math.floor(Math.log10(value || 1));
    return [1, 2, 3, 4, 6, 8, 10].map((n) => n * power).find((n) => n >= value) || 1;
  }
  function linesOf(layer) {
    const { years, regions } = layer.indicator, wide = 470, high = 190, left = 38, right = 176, top = 8, bottom = 22;
    const shown = view.compared.filter((id) => regions[id]);
    const figures = shown.flatMap((id) => years.map((year) => regions[id].figures[year]?.[4] ?? regions[id].figures[year]?.[0]).filter((v) => v != null));
    const most = niceTop(Math.max(1e-9, ...figures));
    const x = (year) => left + (wide - left - right) * (year - years[0]) / ((years.at(-1) - years[0]) || 1);
    const y = (value) => high - bottom - (high - top - bottom) * value / most;
    const parts = [0, 0.25, 0.5, 0.75, 1].flatMap((part) => [svg("line", { class: "la-grid", x1: left, x2: wide - right, y1: y(part * most), y2: y(part * most) }),
      svg("text", { x: left - 5, y: y(part * most) + 4, "text-anchor": "end", text: shownNumber(part * most) })]);
    parts.push(...years.map((year) => svg("text", { x: x(year), y: high - 6, "text-anchor": "middle", text: year, ...(year === view.year ? { class: "la-now" } : {}) })));
    parts.push(svg("line", { class: "la-cursor", x1: x(view.year), x2: x(view.year), y1: top, y2: high - bottom }));
    // Names at the ends of their lines, from the highest down, none upon another.
    const lastOf = (id) => years.findLast((year) => regions[id].figures[year]?.[0] != null), places = {}, apart = 13;
    const ends = shown.filter(lastOf).map((id) => ({ id, at: y(regions[id].figures[lastOf(id)][0]) })).sort((a, b) => a.at - b.at);
    ends.forEach((end, at) => { places[end.id] = Math.max(end.at, at ? places[ends[at - 1].id] + apart : 0); });
    ends.reduceRight((lowest, { id }) => (places[id] = Math.min(places[id], lowest)) - apart, high - bottom);
    shown.forEach((id, at) => {
      const colour = SERIES[at % SERIES.length], { name, figures: own } = regions[id];
      let path = "", pen = "M";
      for (const year of years) {
        const [value, , doubt, low, hi] = own[year] || [null];
        if (value == null) { pen = "M"; continue; }
        if (layer.indicator.breaks.includes(year)) pen = "M";    // told in another way since
        path += `${pen}${x(year)} ${y(value)}`;
        pen = "L";
        if (low != null && hi != null && y(low) - y(hi) > 4) parts.push(svg("path", { class: "la-whisker", d: `M${x(year)} ${y(low)}V${y(hi)}` }));
        parts.push(svg("circle", { cx: x(year), cy: y(value), r: 3.6, fill: doubt ? "none" : colour, stroke: colour, "stroke-width": 1.6 },
          svg("title", { text: `${name} ${year}: ${shownNumber(value)}` })));
      }
      const last = lastOf(id);
      parts.push(svg("path", { d: path, fill: "none", stroke: colour, "stroke-width": 2 }));
      if (last === undefined) return;
      parts.push(svg("text", { class: "la-end", x: x(last) + 8, y: places[id] + 4, text: `${name.length > 19 ? name.slice(0, 18) + "…" : name} ${shownNumber(own[last][0])}` }, svg("title", { text: name })));
    });
    return make("div", { class: "la-lines" }, svg("svg", { class: "la-svg", viewBox: `0 0 ${wide} ${high}`, role: "img",
      "aria-label": `${layer.title}: ${shown.map((id) => regions[id].name).join(", ")}` }, ...parts));
  }
  function barsOf(layer) {
    const { regions } = layer.indicator, { words } = view;
    const ranked = Object.entries(regions).map(([id, region]) => ({ id, name: region.name, figure: region.figures[view.year] || [null, "not_published"] }))
      .filter(({ figure }) => figure[1] !== "replaced")    // regions of another NUTS edition stand in its place
      .sort((a, b) => (a.figure[0] == null) - (b.figure[0] == null) || b.figure[0] - a.figure[0] || a.name.localeCompare(b.name));
    const most = Math.max(1e-9, ...ranked.map(({ figure }) => figure[4] ?? figure[0] ?? 0));
    const why = (figure) => layer.marks.find((mark) => mark.pattern === (figure[1] === "not_significant" ? "dots" : "hatch"))?.label || "–";
    const rows = ranked.map(({ id, name, figure }, at) => {
      const chosen = view.compared.indexOf(id), bar = make("span", { class: "la-bar", ...(figure[0] == null ? { hidden: "" } : {}) });
      bar.style.width = `${100 * (figure[0] ?? 0) / most}%`;
      if (chosen >= 0) bar.style.background = SERIES[chosen % SERIES.length];
      const [, , , low, hi] = figure, reach = make("span", { class: "la-reach" });    // its 95 % interval
      if (low != null && hi != null) Object.assign(reach.style, { left: `${100 * low / most}%`, width: `${100 * (hi - low) / most}%` });
      return make("li", {}, make("button", { type: "button", "data-f": id, "aria-pressed": chosen >= 0, title: words.compare, onclick: () => { compare(id); exploreBox.querySelector(`[data-f="${id}"]`)?.focus(); } },
        make("span", { class: "la-place", text: figure[0] == null ? "" : at + 1 }), make("span", { class: "la-name", text: name }),
        make("span", { class: "la-track" }, bar, ...(low != null && hi != null ? [reach] : [])), make("span", { class: "la-figure", text: figure[0] == null ? "–" : shownNumber(figure[0]), ...(figure[0] == null ? { title: why(figure) } : {}) })));
    });
    const list = make("ol", { class: "la-ranked", "aria-label": `${layer.title}, ${view.year}` }, ...rows);
    linkRows(list, (row) => row.dataset.f);
    return list;
  }

  // ---- table ----
  const numbered = (f) => (/^\d+$/.test(f) ? +f : f);
  function hover(f) {
    if (f === view.highlight) return;
    view.highlight = f;
    document.querySelectorAll(".la-here").forEach((row) => row.classList.remove("la-here"));
    if (f !== null) document.querySelectorAll(`[data-f="${CSS.escape(f)}"]`).forEach((row) => row.classList.add("la-here"));
    if (!view.ready) return;
    view.drawing.layers.forEach((_, at) => {
      const id = `result-${at}-here`;
      if (view.map.getLayer(id)) view.map.setFilter(id, ["==", ["get", "_f"], f === null ? -1 : f]);
    });
  }
  function linkRows(element, read) {
    const rowOf = (event) => event.target.closest && event.target.closest("[data-f]");
    for (const name of ["mouseover", "focusin"])
      element.addEventListener(name, (event) => { const row = rowOf(event); hover(row ? read(row) : null); });
    for (const name of ["mouseleave", "focusout"]) element.addEventListener(name, () => hover(null));
    return rowOf;
  }
  function table(element) {
    const rowOf = linkRows(element, (row) => numbered(row.dataset.f));
    element.addEventListener("click", (event) => {
      const sort = event.target.closest("button[data-sort]"), columns = event.target.closest("button[data-columns]");
      if (sort) return sortBy(sort);
      if (columns) return columns.setAttribute("aria-pressed", columns.closest("table").classList.toggle("la-all"));
      const row = rowOf(event);
      if (row) goTo(numbered(row.dataset.f), false);
    });
    // From the keyboard a row is its feature: Enter tells what a click on the map would.
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches("tr[data-f]")) return;
      event.preventDefault();    // else the same key would press the button the popup is given the focus on
      goTo(numbered(event.target.dataset.f), true);
    });
  }
  function goTo(f, tell) {
    // Outlines are numbered as well: they are meant where nothing else is drawn.
    const drawn = view.drawing.layers.filter(isDrawn), isOutline = ({ kind }) => kind === "outline";
    for (const layer of [...drawn.filter((each) => !isOutline(each)), ...drawn.filter(isOutline)]) {
      const feature = (layer.features || []).find((each) => each.properties._f === f);
      if (!feature) continue;
      const at = feature.geometry.type === "Point" ? feature.geometry.coordinates : feature.properties._at;
      if (at && view.map) view.map.easeTo({ center: at, zoom: Math.max(view.map.getZoom(), layer.kind === "points" ? 9 : 5), duration: still() ? 0 : 400 });
      if (at && view.map && tell) told(layer, feature, { lng: at[0], lat: at[1] });
      return hover(f);
    }
  }
  function sortBy(button) {
    const heading = button.closest("th"), column = heading.cellIndex, whole = button.closest("table");
    const up = heading.getAttribute("aria-sort") !== "ascending";
    whole.querySelectorAll("th[aria-sort]").forEach((th) => th.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = whole.tBodies[0];
    const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === "" || y === "") return (x === "") - (y === "");    // empty last, whichever way
      const order = !isNaN(x) && !isNaN(y) ? x - y : x.localeCompare(y);
      return up ? order : -order;
    });
    body.append(...rows);
  }

  // ---- conversation ----
  function chat(element, props, trigger, watch) {
    element.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-act]");
      if (!button) return;
      if (button.dataset.act === "copy") return copy(button);
      if (button.dataset.act === "draw") return view.map && startDraw("polygon");
      if (button.dataset.act === "pin") return pin(button);
      if (button.dataset.act === "rate") return rate(button);
      trigger("click", { act: button.dataset.act, turn: +(button.dataset.turn ?? -1), value: button.dataset.value ?? "" });
    });
    const live = make("div", { class: "sr", role: "status", "aria-live": "polite" });
    document.body.append(live);
    let since = null;
    const tick = () => {
      const clock = element.querySelector("[data-since]");
      if (!clock) { since = null; return; }
      since ??= performance.now();
      clock.textContent = `${Math.floor((performance.now() - since) / 1000)} s`;
    };
    setInterval(tick, 250);
    setInterval(() => lookAtJobs(element, trigger), 1000);
    watch("value", () => {
      tick();
      showCards();
      const said = element.querySelector(".la-live");
      if (said && live.textContent !== said.textContent) live.textContent = said.textContent;
      const log = element.querySelector(".la-chat"), last = log?.querySelector(".la-turn:last-of-type");
      if (last) log.scrollTop = last.offsetTop - log.offsetTop - parseFloat(getComputedStyle(log).paddingTop) - 4;
      showRatings();
    });
  }
  // Answers made in the background: the server is asked how far they are, and told when one is over.
  const jobsOver = new Set();
  async function lookAtJobs(element, trigger) {
    for (const box of element.querySelectorAll("[data-job]")) {
      const { job, turn, progress } = box.dataset;
      if (jobsOver.has(job)) continue;
      const { status, done, of, left } = await fetch(here(`job/${job}`)).then((reply) => reply.json(), () => ({ status: "waiting" }));
      if (status === "running" && of) {
        box.querySelector("progress").value = done / of;
        box.querySelector("span").textContent = progress.replace("{done}", shownNumber(done)).replace("{all}", shownNumber(of)).replace("{seconds}", left ?? "…");
      } else if (!["waiting", "running"].includes(status)) {
        jobsOver.add(job);
        setTimeout(() => jobsOver.delete(job), 10_000);    // told again where another answer came between
        trigger("click", { act: "job_over", turn: +turn, value: "" });
      }
    }
  }
  function copy(button) {
    putAway(new URL(button.dataset.value, location.href.split("?")[0]).href, button);
  }
  function putAway(text, button) {
    const done = () => { button.textContent = button.dataset.done; };
    if (navigator.clipboard && isSecureContext) navigator.clipboard.writeText(text).then(done, () => prompt("", text));
    else prompt("", text);
  }
  document.addEventListener("click", ({ target }) => {
    const text = target.closest?.("[data-text]"), chart = target.closest?.("[data-chart]");
    if (text) putAway(text.dataset.text, text);
    if (chart) copyChart(chart);
  });
  // Gradio names each radio button by itself: as one group the arrow keys go through them.
  document.addEventListener("keydown", ({ target }) => {
    if (target.type === "radio") target.closest(".wrap")?.querySelectorAll("input[type=radio]").forEach((each) => { each.name = target.closest(".block").id; });
  });
  // The chart as a picture on the clipboard; saved as a file where the browser keeps pictures off it.
  async function copyChart(button) {
    const drawn = button.closest("figure")?.querySelector("svg");
    if (!drawn) return;
    const copied = drawn.cloneNode(true), { width, height } = drawn.viewBox.baseVal, style = getComputedStyle(document.body);
    const value = (name) => style.getPropertyValue(name).trim();
    copied.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copied.prepend(svg("style", { text: `text{font:12px sans-serif;fill:${value("--la-ink")}} .la-grid,.la-axis{stroke:${value("--la-rule")}} .la-whisker{stroke:${value("--la-ink")};fill:none}` }),
      svg("rect", { width: "100%", height: "100%", fill: value("--la-paper") }));
    const image = new Image(), canvas = make("canvas", { width: width * 2, height: height * 2 });
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copied));
    await image.decode();
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
    } catch {
      const link = make("a", { href: URL.createObjectURL(blob), download: "landask-chart.png" });
      link.click();
    }
    button.textContent = button.dataset.done;
  }

  // ---- the board and the ratings, kept in this browser ----
  const BOARD = "landask-board", RATINGS = "landask-ratings", MOST_PINS = 12, MOST_RATINGS = 500;
  const ownBoard = () => { try { return JSON.parse(localStorage.getItem(BOARD)) || { name: "", pins: [] }; } catch { return { name: "", pins: [] }; } };
  const boarding = { send: () => {}, element: null, shared: false };
  function pin(button) {
    const { question, of, plan, selection } = talking.talk.turns[+button.dataset.turn], kept = ownBoard();
    const same = JSON.stringify(plan);
    kept.pins = [...kept.pins.filter(({ p }) => JSON.stringify(p) !== same), { q: of || question, p: plan, ...(selection ? { s: selection } : {}) }].slice(-MOST_PINS);
    store(BOARD, kept);
    button.textContent = button.dataset.done;
    renewTalks();
  }
  function openBoard(kept = ownBoard()) { boarding.send({ board: kept }); }
  function board(element, trigger) {
    boarding.send = (data) => trigger("click", data);
    let told = null;
    const settle = () => {
      const shown = element.querySelector(".la-board");
      if (!shown) { told = null; return; }
      if (shown.dataset.kept === told) return;
      const first = told === null;
      told = shown.dataset.kept;
      boarding.shared = new URL(location.href).searchParams.has("board");
      if (!boarding.shared) store(BOARD, JSON.parse(shown.dataset.kept));
      if (first) shown.querySelector("[data-board=close]").focus();
      renewTalks();
    };
    const close = () => {
      element.querySelector(".la-board")?.remove();
      if (boarding.shared) address(null, true);
      boarding.shared = false;
      document.getElementById("board-open")?.focus();
    };
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-board]"), kept = button && JSON.parse(element.querySelector(".la-board").dataset.kept);
      if (!button) return;
      if (button.dataset.board === "copy") copy(button);
      if (button.dataset.board === "close") close();
      if (button.dataset.board === "unpin") { kept.pins.splice(+button.dataset.at, 1); openBoard(kept); }
    });
    element.addEventListener("change", (event) => {
      if (event.target.matches(".la-board-name")) openBoard({ ...JSON.parse(element.querySelector(".la-board").dataset.kept), name: event.target.value });
    });
    element.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    new MutationObserver(settle).observe(element, { childList: true, subtree: true });
    settle();
  }
  const rated = (turn) => `${turn.question}\n${turn.text}`;
  function rate(button) {
    const { question, text, plan, language, router } = talking.talk.turns[+button.dataset.turn], all = stored(RATINGS);
    const before = all.find((one) => rated(one) === rated({ question, text })), rest = all.filter((one) => one !== before);
    const again = before?.rating === button.dataset.value;
    store(RATINGS, again ? rest : [...rest, { rating: button.dataset.value, question, text, plan, language, router, at: new Date().toISOString() }].slice(-MOST_RATINGS));
    showRatings();
    renewTalks();
    const told = button.parentNode.querySelector(".la-rated") || button.parentNode.appendChild(make("span", { class: "la-rated", role: "status" }));
    told.textContent = again ? "" : talking.words.rated;
  }
  function showRatings() {
    const all = stored(RATINGS);
    for (const button of document.querySelectorAll("[data-act=rate]")) {
      const turn = talking.talk?.turns[+button.dataset.turn], found = turn && all.find((one) => rated(one) === rated(turn));
      button.setAttribute("aria-pressed", found?.rating === button.dataset.value);
    }
  }
  function exportRatings() {
    const blob = new Blob([JSON.stringify(stored(RATINGS), null, 1)], { type: "application/json" });
    make("a", { href: URL.createObjectURL(blob), download: "landask-ratings.json" }).click();
  }

  // ---- the conversations this browser keeps: one entry each, so that two pages do not overwrite each other's ----
  const KEPT = "landask-talk-", MOST_KEPT = 60;
  const shelf = {
    read(id) { try { return JSON.parse(localStorage.getItem(KEPT + id)); } catch { return null; } },
    write(talk) {
      const put = () => localStorage.setItem(KEPT + talk.id, JSON.stringify({ ...talk, at: talk.at || Date.now() }));
      try { put(); } catch { try { shelf.all().slice(-5).forEach(({ id }) => shelf.remove(id)); put(); } catch { /* no room: kept for this visit */ } }
      shelf.all().slice(MOST_KEPT).forEach(({ id }) => shelf.remove(id));
    },
    remove(id) { try { localStorage.removeItem(KEPT + id); } catch { /* private window */ } },
    all() {
      try {
        const keys = Object.keys(localStorage).filter((key) => key.startsWith(KEPT));
        return keys.map((key) => shelf.read(key.slice(KEPT.length))).filter((talk) => talk?.id).sort((a, b) => b.at - a.at);
      } catch { return []; }
    },
  };
  const talking = { current: null, send: () => {}, words: {}, gone: null, box: null, talk: null, renewAreas: () => {} };
  function talks(element, props, trigger, watch) {
    talking.send = (data) => trigger("click", data);
    talking.box = make("details", { id: "talks-fold" });
    talking.board = make("button", { type: "button", class: "la-deed", id: "board-open", onclick: () => openBoard() });
    const settle = () => {
      const slot = element.querySelector(".la-slot") || element;
      if (talking.box.parentNode !== slot) slot.replaceChildren(talking.box, talking.board);
      const { talk, words } = props.value || {};
      if (!talk) return;
      talking.words = words;
      talking.talk = talk;
      const before = talking.current;
      talking.current = talk.id;
      if (talk.turns.length) { shelf.write(structuredClone(JSON.parse(JSON.stringify({ ...talk, at: Date.now() })))); address(talk.id); }
      else if (before && before !== talk.id && document.body.dataset.landask) address(null);
      showRatings();
      renewTalks();
    };
    watch("value", settle);
    window.addEventListener("storage", (event) => { if (!event.key || event.key.startsWith(KEPT)) renewTalks(); });
    window.addEventListener("popstate", () => openAddress(true));
    settle();
  }
  function address(id, anew = false) {
    const now = new URL(location.href);
    if (now.searchParams.get("talk") === id && !anew) return;
    now.search = id ? "?talk=" + encodeURIComponent(id) : "";
    history.pushState(null, "", now);
  }
  function openAddress(wholly) {
    const id = new URL(location.href).searchParams.get("talk");
    if (id === talking.current) return;
    const talk = id && shelf.read(id);
    if (talk) talking.send({ act: "open", talk });
    else if (wholly && !id) talking.send({ act: "new" });
  }
  function renewTalks() {
    if (!talking.box) return;
    const { words, current, gone } = talking, all = shelf.all(), open = talking.box.open;
    const line = (talk) => make("li", {}, make("button", { type: "button", class: "la-talk", "aria-current": talk.id === current, text: talk.name || words.new,
      onclick: () => { talking.box.open = false; talking.send({ act: "open", talk }); } }),
      make("button", { type: "button", class: "la-deed", "data-delete": talk.id, "aria-label": `${words.delete}: ${talk.name}`, text: "×", onclick: () => remove(talk) }));
    const name = make("input", { id: "talk-name", value: all.find(({ id }) => id === current)?.name || "", "aria-label": words.name, maxlength: 60,
      onkeydown: (event) => { if (event.key === "Enter") rename(); } });
    const rename = () => { if (name.value.trim()) talking.send({ act: "rename", name: name.value }); };
    const undone = gone && make("p", { class: "la-undo", role: "status" }, words.deleted.replace("{name}", gone.name) + " ",
      make("button", { type: "button", class: "la-button", id: "undo", text: words.undo, onclick: () => { shelf.write(gone); talking.gone = null; renewTalks(); } }));
    talking.box.replaceChildren(make("summary", { text: `${words.conversations} (${all.length})` }),
      make("div", { class: "la-talks" }, make("button", { type: "button", class: "la-button", id: "new", text: words.new, onclick: () => { talking.box.open = false; talking.send({ act: "new" }); } }),
        ...(all.some(({ id }) => id === current) ? [make("div", { class: "la-rename" }, name, make("button", { type: "button", class: "la-button", id: "rename", text: words.rename, onclick: rename }))] : []),
        ...(undone ? [undone] : []), make("ul", {}, ...all.map(line))));
    const ratings = stored(RATINGS).length;
    if (ratings) talking.box.querySelector(".la-talks").append(make("button", { type: "button", class: "la-deed", id: "ratings", text: words.ratings.replace("{count}", ratings), onclick: exportRatings }));
    const pinned = ownBoard().pins.length;
    talking.board.textContent = `${words.board} (${pinned})`;
    talking.board.hidden = !pinned;
    talking.box.open = open;
    talking.renewAreas();
  }
  function remove(talk) {
    shelf.remove(talk.id);
    talking.gone = talk;
    if (talk.id === talking.current) talking.send({ act: "new" });
    renewTalks();
  }

  // ---- a composed question's form ----
  function form(element, trigger) {
    const run = () => trigger("click", Object.fromEntries([...element.querySelectorAll("[data-dimension]")].map((input) =>
      [input.dataset.dimension, { op: element.querySelector(`[data-op="${input.dataset.dimension}"]`).value, text: input.value }])));
    element.addEventListener("click", (event) => { if (event.target.closest("[data-form]")) run(); });
    element.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.matches("input")) run(); });
  }

  // The browser's own list box: its keyboard, its look on a phone, its words to a screen reader.
  function language(element, props, trigger, watch) {
    const settle = (code = props.value || "en") => {
      element.querySelector("select").value = code;
      document.documentElement.lang = code;
      if (view.ready && view.look !== look()) restyle();
    };
    element.addEventListener("change", ({ target }) => { props.value = target.value; settle(target.value); trigger("input"); });
    watch("value", () => settle());
    settle();
  }
  function theme() {
    const now = !dark();
    document.body.classList.toggle("dark", now);
    try { localStorage.setItem("landask-theme", now ? "dark" : "light"); } catch { /* private window: kept for this visit */ }
  }
  function firstTheme() {
    let kept = null;
    try { kept = localStorage.getItem("landask-theme"); } catch { /* private window */ }
    if (kept) document.body.classList.toggle("dark", kept === "dark");
  }

  function opened() {
    document.body.dataset.landask = "ready";
    openAddress(false);
    const area = region.kept();
    if (area) takeArea(area);
  }

  return { opened, map, show: draw, explore, setYear, compare, table, chat, talks, chosen, board, form, language, theme, firstTheme, view, fit };
})();
