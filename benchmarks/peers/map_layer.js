// The map library's own way to show vehicles: a clustered source with a layer of signs and names, in place of Siaga's sheet.
() => {
  const map = window.siagaMap, own = window.siagaVehicles;
  own.stop();
  own.draw = () => {};
  const collection = (features) => ({ type: "FeatureCollection", features });
  map.addSource("peer", { type: "geojson", data: collection([]), cluster: true, clusterRadius: 26, clusterMaxZoom: 13 });
  map.addLayer({
    id: "peer-clusters", type: "circle", source: "peer", filter: ["has", "point_count"],
    paint: { "circle-radius": 14, "circle-color": "#1d8a43" },
  });
  map.addLayer({
    id: "peer", type: "symbol", source: "peer", filter: ["!", ["has", "point_count"]],
    layout: {
      "icon-image": "priority-green", "icon-allow-overlap": true,
      "text-field": ["get", "name"], "text-font": ["Noto Sans Variable"], "text-size": 11.5,
      "text-anchor": "top", "text-offset": [0, 1.1], "text-optional": true,
    },
  });
  const step = () => {
    if (window.peerOver) return;
    map.getSource("peer").setData(collection(own.spots(performance.now()).map(({ id, name, at }) => ({
      type: "Feature", geometry: { type: "Point", coordinates: at }, properties: { id, name },
    }))));
    setTimeout(() => requestAnimationFrame(step), 33);
  };
  requestAnimationFrame(step);
}
