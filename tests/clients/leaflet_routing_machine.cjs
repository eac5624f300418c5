// Asks for a route as leaflet-routing-machine does in a browser, and prints what its parser made of the answer.
// Usage: node leaflet_routing_machine.cjs SERVICE_URL PROFILE LANGUAGE [[lat, lon], …]
"use strict";

const { JSDOM } = require("jsdom");

const [serviceUrl, profile, language, places] = process.argv.slice(2);
const { window } = new JSDOM("", { url: serviceUrl });
for (const name of ["window", "document", "location", "navigator"]) {
  Object.defineProperty(globalThis, name, { configurable: true, value: name === "window" ? window : window[name] });
}
const L = require("leaflet");
globalThis.L = window.L = L;
require("leaflet-routing-machine");

const router = L.Routing.osrmv1({ serviceUrl, profile, language });
const waypoints = JSON.parse(places).map((place) => L.Routing.waypoint(L.latLng(place)));
router.route(waypoints, (error, routes) => {
  const plain = (latLng) => [latLng.lat, latLng.lng];
  const told = error
    ? { error }
    : {
        routes: routes.map((route) => ({
          name: route.name,
          summary: route.summary,
          coordinates: route.coordinates.map(plain),
          waypointIndices: route.waypointIndices,
          waypoints: route.waypoints.map((waypoint) => plain(waypoint.latLng)),
          instructions: route.instructions,
        })),
      };
  process.stdout.write(JSON.stringify(told), () => process.exit(0));
});
