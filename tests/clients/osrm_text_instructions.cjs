// Reads an OSRM answer from standard input and prints the words of every step, a list for each leg.
// Usage: node osrm_text_instructions.cjs LANGUAGE
"use strict";

const { readFileSync } = require("node:fs");
const instructions = require("osrm-text-instructions")("v5");

const [language] = process.argv.slice(2);
const { legs } = JSON.parse(readFileSync(0, "utf8")).routes[0];
const words = legs.map((leg, legIndex) =>
  leg.steps.map((step) => instructions.compile(language, step, { legCount: legs.length, legIndex })),
);
process.stdout.write(JSON.stringify(words));
