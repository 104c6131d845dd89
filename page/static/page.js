// The page's own script: the map, and the links between map, table and conversation.
// Everything it draws comes from one structure (`drawing`, made by page/map.py): the legend cannot differ from the map.
"use strict";
window.landask = (() => {
  const here = (path) => new URL(path, document.baseURI.split("?")[0].split("#")[0]).href;
  const dark = () => document.body.classList.contains("dark");
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "text") node.textContent = value;
      else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  };

  // ---- the map -------------------------------------------------------------------------------------------------
  const view = { map: null, drawing: null, features: [], ready: false, drawn: 0, draw: null, words: {}, highlight: null, lost: 0 };
  const PATIENCE_MS = 20_000;    // a map that has not started by then is shown as a picture
  const MOST_LOST = 5;    // times the map is made anew before its picture is shown instead
  const grounds = {
    light: { sea: "#dfe9f0", land: "#f7f5f0", line: "#a9a49a", name: "#57534a", halo: "#ffffff" },
    dark: { sea: "#16202b", land: "#2a3038", line: "#5d6672", name: "#c3c8cf", halo: "#14181d" },
  };
  const ground = () => grounds[dark() ? "dark" : "light"];

  function nameImage(text) {
    // Country names are drawn by the browser's own fonts: no glyph files, no request.
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    const font = "600 22px system-ui, 'Noto Sans', sans-serif";
    context.font = font;
    canvas.width = Math.ceil(context.measureText(text).width) + 10;
    canvas.height = 34;
    Object.assign(context, { font, textBaseline: "middle", lineWidth: 5, lineJoin: "round",
      strokeStyle: ground().halo, fillStyle: ground().name });
    context.strokeText(text, 5, 17);
    context.fillText(text, 5, 17);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }

  function patternImage(name) {
    const size = 8, canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const context = canvas.getContext("2d");
    if (name !== "lines") {
      context.fillStyle = dark() ? "#3a3f46" : "#ffffff";
      context.fillRect(0, 0, size, size);
    }
    context.fillStyle = context.strokeStyle = name === "lines" ? (dark() ? "#e6e6e6" : "#202020") : "#8a8a8a";
    if (name === "dots") {
      context.beginPath(); context.arc(4, 4, 1.6, 0, 7); context.fill();
      return context.getImageData(0, 0, size, size);
    }
    context.lineWidth = name === "lines" ? 0.8 : 1.2;
    for (const shift of [-size, 0, size]) {
      context.beginPath(); context.moveTo(shift, size); context.lineTo(shift + size, 0); context.stroke();
    }
    return context.getImageData(0, 0, size, size);
  }

  function baseStyle(online) {
    const g = ground();
    const style = { version: 8, sources: { base: { type: "geojson", data: here("files/base.geojson"),
        attribution: "Natural Earth (public domain)" },
      names: { type: "geojson", data: { type: "FeatureCollection", features: [] } } },
      layers: [{ id: "sea", type: "background", paint: { "background-color": g.sea } },
        { id: "land", type: "fill", source: "base", paint: { "fill-color": g.land } }] };
    if (online) {
      style.sources.online = { type: "raster", tiles: [online.tiles], tileSize: 256, attribution: online.attribution };
      style.layers.push({ id: "online", type: "raster", source: "online" });
    }
    style.layers.push({ id: "borders", type: "line", source: "base", paint: { "line-color": g.line, "line-width": 0.8 } });
    return style;
  }

  async function addNames(map) {
    const base = await (await fetch(here("files/base.geojson"))).json();
    if (view.map !== map || map.getLayer("names")) return;
    const features = base.features.map((f, order) => ({ type: "Feature", properties: { name: f.properties.name, order },
      geometry: { type: "Point", coordinates: f.properties.at } }));
    for (const f of features)
      if (!map.hasImage("name:" + f.properties.name))
        map.addImage("name:" + f.properties.name, nameImage(f.properties.name), { pixelRatio: 2 });
    map.getSource("names").setData({ type: "FeatureCollection", features });
    // The names of small countries wait until there is room beside the large ones.
    map.addLayer({ id: "names", type: "symbol", source: "names", maxzoom: 8,
      filter: ["<", ["get", "order"], ["step", ["zoom"], 45, 5, 200]], layout: {
      "icon-image": ["concat", "name:", ["get", "name"]], "icon-padding": 6, "symbol-sort-key": ["get", "order"] } });
  }

  // The dark outline of the region asked about would not be seen on the dark map.
  const ink = (colour) => (dark() && colour === "#1f2933" ? "#d6d6d6" : colour);
  const colourOf = (layer) => ["match", ["get", "_m"],
    ...layer.marks.flatMap((mark, at) => [at, mark.colour]), "rgba(0,0,0,0)"];

  // Of several shaded maps one is drawn, for each would hide the one below; the legend's buttons choose.
  const shaded = (drawing) => drawing.layers.flatMap((layer, at) => (layer.kind === "areas" ? [at] : []));
  const isDrawn = (layer, at) => {
    if (layer.kind === "areas") return at === view.theme;
    const under = shaded(view.drawing).find((place) => view.drawing.layers[place].title === layer.of);
    return under === undefined || under === view.theme;
  };
  const pictureOf = (drawing) => `take/${drawing.key}/${shaded(drawing).length > 1 ? `map-${view.theme}` : "map"}.png`;
  function choose(at) {
    view.theme = at;
    view.root.querySelector(".la-legend").replaceWith(legend(view.drawing, view.words));
    view.root.querySelector(`.la-legend [data-theme="${at}"]`)?.focus();
    for (const link of document.querySelectorAll(`a[href^="take/${view.drawing.key}/map"][href$=".png"]`))
      link.setAttribute("href", pictureOf(view.drawing));
    if (view.ready) paint();
    else if (!view.map) showPicture(view.root.querySelector(".la-canvas"));
  }

  function addLayer(map, layer, at) {
    if (!isDrawn(layer, at)) return;
    const id = "result-" + at;
    const below = map.getLayer("names") ? "names" : undefined;
    if (layer.kind === "image") {
      map.addSource(id, { type: "image", url: here(layer.url), coordinates: layer.corners });
      map.addLayer({ id, type: "raster", source: id, paint: { "raster-opacity": 0.9, "raster-resampling": "nearest",
        "raster-fade-duration": 0 } }, below);
      return;
    }
    map.addSource(id, { type: "geojson", data: { type: "FeatureCollection", features: layer.features },
      attribution: layer.attribution });
    if (layer.kind === "areas") {
      map.addLayer({ id, type: "fill", source: id, paint: { "fill-color": colourOf(layer), "fill-opacity": 1,
        "fill-antialias": false } }, below);
      layer.marks.forEach((mark, m) => mark.pattern && map.addLayer({ id: id + "-pattern-" + m, type: "fill", source: id,
        filter: ["==", ["get", "_m"], m], paint: { "fill-pattern": mark.pattern } }, below));
      map.addLayer({ id: id + "-edge", type: "line", source: id, paint: { "line-color": dark() ? "#d6d6d6" : "#4a4a4a",
        "line-width": 0.6 } }, below);
    } else if (layer.kind === "flags") {
      map.addLayer({ id, type: "fill", source: id, paint: { "fill-pattern": layer.marks[0].pattern } }, below);
    } else if (layer.kind === "outline") {
      map.addLayer({ id, type: "line", source: id, paint: { "line-color": ink(layer.marks[0].colour), "line-width": 2.2 } }, below);
    } else {
      map.addLayer({ id, type: "circle", source: id, paint: { "circle-color": colourOf(layer),
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 3, 2.6, 6, 4, 9, 6, 13, 9],
        "circle-stroke-color": dark() ? "#e8e8e8" : "#2b2b2b", "circle-stroke-width": 0.8 } });
    }
    if (["areas", "points"].includes(layer.kind)) {
      const here_ = layer.kind === "areas"
        ? { type: "line", paint: { "line-color": dark() ? "#ffffff" : "#000000", "line-width": 3 } }
        : { type: "circle", paint: { "circle-radius": 11, "circle-color": "rgba(0,0,0,0)",
            "circle-stroke-color": dark() ? "#ffffff" : "#000000", "circle-stroke-width": 2.5 } };
      map.addLayer({ id: id + "-here", source: id, filter: ["==", ["get", "_f"], -1], ...here_ });
      map.on("mousemove", id, (event) => { map.getCanvas().style.cursor = "pointer"; hover(event.features[0].properties._f); });
      map.on("mouseleave", id, () => { map.getCanvas().style.cursor = view.draw ? "crosshair" : ""; hover(null); });
    }
  }

  function bounds(drawing) {
    if (drawing.bounds) return [[drawing.bounds[0], drawing.bounds[1]], [drawing.bounds[2], drawing.bounds[3]]];
    return [[-11, 35], [32, 66]];
  }
  function fit() {
    if (!view.map) return;
    // Where there is room the result is shown beside the legend, not under it.
    const box = view.root.querySelector(".la-legend"), wide = view.map.getContainer().clientWidth;
    const left = !box.hidden && wide > 620 ? box.offsetWidth + 24 : 36;
    view.map.fitBounds(bounds(view.drawing), { padding: { top: 36, bottom: 46, left, right: 44 }, maxZoom: 12,
      duration: still() || document.hidden ? 0 : 400 });
  }

  function inView(feature, box) {
    const at = feature.geometry.type === "Point" ? feature.geometry.coordinates : (feature.properties._at || null);
    return !at || (at[0] >= box.getWest() && at[0] <= box.getEast() && at[1] >= box.getSouth() && at[1] <= box.getNorth());
  }

  function tellView() {
    const { root, map, drawing, words } = view;
    const box = map.getBounds();
    const all = drawing.layers.flatMap((layer) => (["areas", "points"].includes(layer.kind) ? layer.features || [] : []));
    const out = all.filter((f) => !inView(f, box)).length;
    const note = root.querySelector(".la-off");
    note.textContent = out ? words.off_screen.replace("{out}", out).replace("{all}", all.length) : "";
    note.hidden = !out;
  }

  function legend(drawing, words) {
    // Built from the very marks the layers are coloured by.
    const box = make("div", { class: "la-legend", role: "group", "aria-label": words.legend });
    const themes = shaded(drawing);
    for (const [place, layer] of drawing.layers.entries()) {
      if (themes.length > 1 && layer.kind === "areas")
        box.append(make("button", { type: "button", class: "la-button la-theme", "data-theme": place,
          "aria-pressed": place === view.theme, text: layer.title, onclick: () => choose(place) }));
      if (!isDrawn(layer, place)) continue;
      const list = make("ul");
      layer.marks.forEach((mark, at) => {
        const shape = mark.pattern ? mark.pattern : layer.kind === "outline" ? "line" : layer.kind === "points" ? "dot" : "box";
        const swatch = make("span", { class: "la-swatch la-" + shape, "aria-hidden": "true", "data-colour": mark.colour });
        if (!mark.pattern) swatch.style.setProperty("--mark", ink(mark.colour));
        list.append(make("li", { "data-mark": at }, swatch, make("span", { text: mark.label }),
          ...(mark.count == null ? [] : [make("span", { class: "la-count", text: mark.count })])));
      });
      box.append(make("section", {}, ...(layer.title && !(themes.length > 1 && layer.kind === "areas") ? [make("h2", { text: layer.title })] : []), ...(layer.unit ? [make("p", { class: "la-unit", text: layer.unit })] : []),
        list, ...(layer.source ? [make("p", { class: "la-source", text: layer.source })] : [])));
    }
    box.hidden = !drawing.layers.length;
    return box;
  }

  function popup(event, layer, feature) {
    const rows = make("table");
    for (const [key, label] of layer.fields) {
      let value = feature.properties[key];
      if (value === undefined || value === null || value === "") continue;
      if (layer.labels[value]) value = value + " " + layer.labels[value];
      rows.append(make("tr", {}, make("th", { scope: "row", text: label }), make("td", { text: value })));
    }
    const box = make("div", { class: "la-popup" }, make("strong", { text: feature.properties._t || layer.title }), rows);
    if (feature.properties.region)
      box.append(make("button", { type: "button", class: "la-button", text: view.words.use_region, onclick: () => {
        view.popup.remove();
        view.send("input", { kind: "region", id: feature.properties.region, name: feature.properties._t });
      } }));
    if (view.popup) view.popup.remove();
    view.popup = new maplibregl.Popup({ maxWidth: "320px", focusAfterOpen: true }).setLngLat(event.lngLat).setDOMContent(box).addTo(view.map);
    intoView(view.popup.getElement());
  }
  // A popup near the edge would be cut off: the map moves until it is whole.
  function intoView(node) {
    const inner = node.getBoundingClientRect(), outer = view.map.getContainer().getBoundingClientRect(), air = 8;
    const off = (low, high, least, most) => (low < least + air ? low - least - air : Math.max(0, high - most + air));
    const by = [off(inner.left, inner.right, outer.left, outer.right), off(inner.top, inner.bottom, outer.top, outer.bottom)];
    if (by[0] || by[1]) view.map.panBy(by, { duration: still() ? 0 : 250 });
  }

  function clicked(event) {
    if (view.draw) return drawClick(event);
    const ids = view.drawing.layers.map((_, at) => "result-" + at).filter((id) => view.map.getLayer(id));
    const spot = [[event.point.x - 4, event.point.y - 4], [event.point.x + 4, event.point.y + 4]];
    const found = ids.length ? view.map.queryRenderedFeatures(spot, { layers: ids.filter((id) =>
      ["points", "areas"].includes(view.drawing.layers[+id.split("-")[1]].kind)) }) : [];
    const image = view.drawing.layers.findIndex((layer) => layer.kind === "image");
    if (found.length) {
      const layer = view.drawing.layers[+found[0].layer.id.split("-")[1]];
      const feature = layer.features[found[0].properties._i] || found[0];
      popup(event, layer, feature);
      const point = feature.properties.point_id ?? feature.properties.location;
      if (point) view.send("select", { key: view.drawing.key, feature: feature.properties._f ?? null,
        point_id: point, lon: event.lngLat.lng, lat: event.lngLat.lat });
    } else if (image >= 0) {
      view.send("select", { key: view.drawing.key, feature: null, point_id: null, lon: event.lngLat.lng, lat: event.lngLat.lat });
    }
  }

  // ---- "this region": polygon, rectangle, current view ----------------------------------------------------------
  const ring = (points, kind) => kind === "rectangle" && points.length === 2
    ? [[points[0][0], points[0][1]], [points[1][0], points[0][1]], [points[1][0], points[1][1]], [points[0][0], points[1][1]], points[0]]
    : [...points, points[0]];

  function showDrawn(points, kind) {
    const geometry = points.length > 2 || (kind === "rectangle" && points.length === 2)
      ? { type: "Polygon", coordinates: [ring(points, kind)] }
      : points.length === 2 ? { type: "LineString", coordinates: points }
      : { type: "MultiPoint", coordinates: points };
    const data = { type: "FeatureCollection", features: points.length ? [{ type: "Feature", properties: {}, geometry }] : [] };
    showSelection(data);
  }
  function showSelection(data) {
    const map = view.map;
    view.selection = data;
    if (!view.ready) return;
    if (map.getSource("selection")) return map.getSource("selection").setData(data);
    map.addSource("selection", { type: "geojson", data });
    map.addLayer({ id: "selection-fill", type: "fill", source: "selection", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#1d6fd8", "fill-opacity": 0.12 } });
    map.addLayer({ id: "selection-line", type: "line", source: "selection", paint: { "line-color": "#1d6fd8", "line-width": 2.5, "line-dasharray": [2, 1] } });
    map.addLayer({ id: "selection-dots", type: "circle", source: "selection", paint: { "circle-color": "#1d6fd8", "circle-radius": 4 } });
  }
  function startDraw(kind) {
    view.draw = { kind, points: [] };
    view.map.doubleClickZoom.disable();
    view.map.getCanvas().style.cursor = "crosshair";
    showDrawn([], kind);
    say(view.words[kind === "rectangle" ? "draw_rectangle_help" : "draw_polygon_help"]);
    buttons();
  }
  function stopDraw() {
    view.draw = null;
    view.map.getCanvas().style.cursor = "";
    setTimeout(() => view.map && view.map.doubleClickZoom.enable(), 50);
    buttons();
  }
  function drawClick(event) {
    const { kind, points } = view.draw;
    points.push([+event.lngLat.lng.toFixed(5), +event.lngLat.lat.toFixed(5)]);
    showDrawn(points, kind);
    if (kind === "rectangle" && points.length === 2) finishDraw();
  }
  function finishDraw() {
    if (!view.draw) return;
    const { kind, points } = view.draw;
    const distinct = points.filter((p, i) => !i || p[0] !== points[i - 1][0] || p[1] !== points[i - 1][1]);
    if (distinct.length < (kind === "rectangle" ? 2 : 3)) return say(view.words.draw_more);
    stopDraw();
    say("");
    view.send("input", { kind: "drawn", geometry: { type: "Polygon", coordinates: [ring(distinct, kind)] } });
  }
  function useView() {
    const b = view.map.getBounds();
    const round = (v) => +v.toFixed(4);
    const points = [[round(b.getWest()), round(b.getSouth())], [round(b.getEast()), round(b.getNorth())]];
    showDrawn(points, "rectangle");
    view.send("input", { kind: "view", geometry: { type: "Polygon", coordinates: [ring(points, "rectangle")] } });
  }
  const say = (text) => { const box = view.root.querySelector(".la-say"); box.textContent = text; box.hidden = !text; };

  function buttons() {
    const bar = view.root.querySelector(".la-toolbar");
    const { words, draw } = view;
    const button = (name, run, pressed) => make("button", { type: "button", class: "la-button", "data-tool": name,
      text: words[name], onclick: run, ...(pressed === undefined ? {} : { "aria-pressed": pressed }) });
    if (!view.map) return bar.replaceChildren();
    bar.replaceChildren(
      button("draw_polygon", () => (draw ? stopDraw() : startDraw("polygon")), draw?.kind === "polygon"),
      button("draw_rectangle", () => (draw ? stopDraw() : startDraw("rectangle")), draw?.kind === "rectangle"),
      ...(draw ? [button("draw_done", finishDraw), button("draw_cancel", () => { stopDraw(); showDrawn([], ""); say(""); })] : []),
      button("this_view", useView),
      button("zoom_result", fit));
  }

  async function load(drawing) {
    await Promise.all(drawing.layers.map(async (layer) => {
      if (layer.kind === "image" || layer.features) return;
      const reply = await fetch(here(layer.url));
      layer.features = reply.ok ? (await reply.json()).features : [];
      layer.features.forEach((f, i) => { f.properties._i = i; });
      if (!reply.ok) layer.lost = true;
    }));
    return drawing;
  }

  async function draw(value) {
    const turn = ++view.turn;
    view.words = value.words;
    const drawing = await load(value);
    if (turn !== view.turn) return;    // a newer answer came while this one was fetched
    const online = JSON.stringify(drawing.online || null) !== JSON.stringify(view.drawing?.online || null);
    view.drawing = drawing;
    view.theme = shaded(drawing)[0];
    view.root.querySelector(".la-legend").replaceWith(legend(drawing, view.words));
    const notes = view.root.querySelector(".la-notes");
    notes.replaceChildren(...drawing.notes.map((note) => make("li", { text: note })));
    notes.hidden = !drawing.notes.length;
    if (!view.map) start(); else if (online) restyle(); else if (view.ready) paint();
    buttons();
    fit();
  }

  function paint() {
    const map = view.map;
    if (view.popup) view.popup.remove();
    for (const layer of map.getStyle().layers.filter((l) => l.id.startsWith("result-"))) map.removeLayer(layer.id);
    for (const id of Object.keys(map.getStyle().sources).filter((s) => s.startsWith("result-"))) map.removeSource(id);
    for (const name of ["hatch", "dots", "lines"]) {
      if (map.hasImage(name)) map.removeImage(name);
      map.addImage(name, patternImage(name));
    }
    view.drawing.layers.forEach((layer, at) => addLayer(map, layer, at));
    if (view.selection) showSelection(view.selection);
    for (const id of ["selection-fill", "selection-line", "selection-dots"]) if (map.getLayer(id)) map.moveLayer(id);
    map.once("idle", () => { view.drawn += 1; view.root.dataset.drawn = view.drawing.key || "none"; tellView(); });
    map.triggerRepaint();
  }

  function restyle() {
    view.ready = false;
    view.root.querySelector(".la-legend").replaceWith(legend(view.drawing, view.words));
    view.map.setStyle(baseStyle(view.drawing.online), { diff: false });
    view.map.once("style.load", () => { view.ready = true; paint(); addNames(view.map); });
  }

  function start() {
    const canvas = view.root.querySelector(".la-canvas");
    canvas.replaceChildren();
    if (view.lost > MOST_LOST) return showPicture(canvas);
    try {
      view.map = new maplibregl.Map({ container: canvas, style: baseStyle(view.drawing.online), bounds: bounds(view.drawing),
        attributionControl: false, maxZoom: 17, dragRotate: true, locale: {
          "NavigationControl.ZoomIn": view.words.zoom_in, "NavigationControl.ZoomOut": view.words.zoom_out,
          "NavigationControl.ResetBearing": view.words.north, "AttributionControl.ToggleAttribution": view.words.sources,
          "Map.Title": view.words.map, "Popup.Close": view.words.close } });
    } catch (error) {
      return showPicture(canvas);
    }
    const map = view.map;
    const watchdog = setTimeout(() => { if (view.map === map && !view.ready) { map.remove(); showPicture(canvas, view.words.slow); } }, PATIENCE_MS);
    map.addControl(new maplibregl.NavigationControl({ visualizePitch: false }), "top-right");
    map.addControl(new maplibregl.ScaleControl({ maxWidth: 110, unit: "metric" }), "bottom-left");
    map.addControl(new maplibregl.AttributionControl({ compact: true }), "bottom-right");
    map.on("load", () => {
      clearTimeout(watchdog);
      view.ready = true;
      if (view.dark !== dark()) { view.dark = dark(); return restyle(); }    // chosen while the map was loading
      paint();
      addNames(map);
      // On a phone, and where they take several lines, the sources are one touch away: the legend names them as well.
      map.on("sourcedata", () => narrow(canvas));
    });
    map.on("webglcontextlost", () => contextLost(map));
    map.on("click", clicked);
    map.on("dblclick", (event) => { if (view.draw) { event.preventDefault(); finishDraw(); } });
    map.on("moveend", () => view.ready && tellView());
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Enter") finishDraw();
      if (event.key === "Escape" && view.draw) { stopDraw(); showDrawn([], ""); say(""); }
    });
    view.dark = dark();
  }

  function narrow(canvas) {
    const box = canvas.querySelector(".maplibregl-ctrl-attrib"), tall = box?.offsetHeight > 32 && !view.drawing.online;
    if ((canvas.clientWidth < 500 || tall) && !view.root.contains(document.activeElement))
      box?.classList.remove("maplibregl-compact-show");
  }

  // A graphics driver that was reset or ran out of memory takes all that was drawn with it: the map is made anew.
  function contextLost(map) {
    if (map !== view.map) return;
    const where = { center: map.getCenter(), zoom: map.getZoom(), bearing: map.getBearing() };
    view.ready = false;
    view.map = null;
    view.lost += 1;
    setTimeout(() => {
      map.remove();
      if (!view.map) start();
      if (view.map) view.map.jumpTo(where);
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
    buttons();
  }

  function map(element, props, trigger, watch) {
    view.turn = 0;
    view.send = (name, data) => trigger(name, data);
    view.root = make("div", { class: "la-map" },
      make("div", { class: "la-toolbar", role: "toolbar" }),
      make("div", { class: "la-frame" }, make("div", { class: "la-canvas" }), make("div", { class: "la-legend" })),
      make("p", { class: "la-say", role: "status", hidden: "" }),
      make("p", { class: "la-off", role: "status", hidden: "" }),
      make("ul", { class: "la-notes" }));
    const settle = () => {
      const slot = element.querySelector(".la-slot") || element;
      if (view.root.parentNode !== slot) slot.replaceChildren(view.root);
      if (props.value) draw(structuredClone(JSON.parse(JSON.stringify(props.value))));
    };
    new ResizeObserver(() => view.map && view.map.resize()).observe(view.root.querySelector(".la-canvas"));
    new MutationObserver(() => { if (view.ready && view.dark !== dark()) { view.dark = dark(); restyle(); } })
      .observe(document.body, { attributes: true, attributeFilter: ["class"] });
    watch("value", settle);
    settle();
  }

  // ---- table and conversation ----------------------------------------------------------------------------------
  function hover(f) {
    if (f === view.highlight) return;
    view.highlight = f;
    document.querySelectorAll("tr.la-here").forEach((row) => row.classList.remove("la-here"));
    if (f !== null) document.querySelectorAll(`tr[data-f="${f}"]`).forEach((row) => row.classList.add("la-here"));
    if (!view.ready) return;
    view.drawing.layers.forEach((_, at) => {
      const id = `result-${at}-here`;
      if (view.map.getLayer(id)) view.map.setFilter(id, ["==", ["get", "_f"], f === null ? -1 : f]);
    });
  }

  function table(element, trigger) {
    const rowOf = (event) => event.target.closest && event.target.closest("tr[data-f]");
    for (const name of ["mouseover", "focusin"])
      element.addEventListener(name, (event) => { const row = rowOf(event); hover(row ? +row.dataset.f : null); });
    element.addEventListener("mouseleave", () => hover(null));
    element.addEventListener("focusout", () => hover(null));
    element.addEventListener("click", (event) => {
      const sort = event.target.closest("button[data-sort]");
      if (sort) return sortBy(element, sort);
      const row = rowOf(event);
      if (row) goTo(+row.dataset.f);
    });
  }
  function goTo(f) {
    for (const layer of view.drawing.layers.filter(isDrawn)) {
      const feature = (layer.features || []).find((each) => each.properties._f === f);
      if (!feature) continue;
      const at = feature.geometry.type === "Point" ? feature.geometry.coordinates : feature.properties._at;
      if (at && view.map) view.map.easeTo({ center: at, zoom: Math.max(view.map.getZoom(), layer.kind === "points" ? 9 : 5), duration: still() ? 0 : 400 });
      return hover(f);
    }
  }
  function sortBy(element, button) {
    const column = +button.dataset.sort, heading = button.closest("th");
    const up = heading.getAttribute("aria-sort") !== "ascending";
    element.querySelectorAll("th[aria-sort]").forEach((th) => th.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = button.closest("table").tBodies[0];
    const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === "" || y === "") return (x === "") - (y === "");    // empty last, whichever way
      const order = !isNaN(x) && !isNaN(y) ? x - y : x.localeCompare(y);
      return up ? order : -order;
    });
    body.append(...rows);
  }

  function chat(element, props, trigger, watch) {
    element.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-act]");
      if (!button) return;
      if (button.dataset.act === "copy") return copy(button);
      trigger("click", { act: button.dataset.act, turn: +(button.dataset.turn ?? -1), value: button.dataset.value ?? "" });
    });
    const live = make("div", { class: "sr", role: "status", "aria-live": "polite" });
    document.body.append(live);
    watch("value", () => {
      const said = element.querySelector(".la-live");
      if (said && live.textContent !== said.textContent) live.textContent = said.textContent;
      const log = element.querySelector(".la-chat");
      if (log) log.scrollTop = log.scrollHeight;
    });
  }
  function copy(button) {
    const link = new URL(button.dataset.value, location.href.split("?")[0]).href;
    const done = () => { button.textContent = button.dataset.done; };
    if (navigator.clipboard && isSecureContext) navigator.clipboard.writeText(link).then(done, () => prompt("", link));
    else prompt("", link);
  }

  function language(code) { document.documentElement.lang = code; }
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

  function opened() { document.body.dataset.landask = "ready"; }

  return { opened, map, show: draw, table, chat, language, theme, firstTheme, view, clear: () => view.map && showDrawn([], "") };
})();
