import { defineConfig } from "vite"

export default defineConfig({
  base: (process.env.STATIC_URL ?? "/static/") + "vite/",
  publicDir: "vite/public",
  build: {
    manifest: "manifest.json",
    outDir: "dist/vite",
    assetsInlineLimit: 0,
    rollupOptions: { input: "vite/main.js" },
  },
})
