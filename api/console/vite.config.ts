import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { words } from "./plugins/words.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// One page alone while it is being worked on: SIAGA_PAGES=driver npm run build
const chosen = process.env["SIAGA_PAGES"]?.split(",");
const PAGES = chosen ?? ["index", "driver", "faskes", "sitegar", "admin", "keluarga"];

export default defineConfig({
  root: here("./"),
  base: "/",
  publicDir: here("./public"),
  plugins: [words(here("../../data/locales")), svelte({ configFile: false })],
  build: {
    outDir: here("../static"),
    emptyOutDir: chosen === undefined,
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy allows no data: fonts or scripts
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200, // the map library is one file
    rollupOptions: {
      input: Object.fromEntries(PAGES.map((page) => [page, here(`./${page}.html`)])),
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  worker: { format: "es" },
  server: {
    host: "127.0.0.1",
    proxy: { "/v1": process.env["SIAGA_DEV"] ?? "http://127.0.0.1:8000", "/track": process.env["SIAGA_DEV"] ?? "http://127.0.0.1:8000" },
  },
});
