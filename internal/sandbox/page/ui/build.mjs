// Builds the page: src/main.tsx with all it imports into ../assets/page.js,
// src/page.css into ../assets/page.css, and the licences of what is in them.
// With --check it writes nothing and fails if the assets are not what the
// sources give. The same sources and the same lock file give the same bytes.
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const libraries = ["preact", "@preact/signals", "@preact/signals-core", "marked", "emoji-datasource"];

// emoji reduces the data of all emoji to what Slack's short names stand for.
const emoji = {
  name: "emoji",
  setup(on) {
    on.onResolve({ filter: /^emoji$/ }, () => ({ path: "emoji", namespace: "emoji" }));
    on.onLoad({ filter: /.*/, namespace: "emoji" }, async () => {
      const all = JSON.parse(await readFile(here("node_modules/emoji-datasource/emoji.json"), "utf8"));
      const names = {};
      for (const one of all.toSorted((a, b) => a.sort_order - b.sort_order)) {
        const shown = String.fromCodePoint(...one.unified.split("-").map((hex) => parseInt(hex, 16)));
        for (const name of one.short_names) names[name] ??= shown;
      }
      return { contents: JSON.stringify(names), loader: "json" };
    });
  },
};

const result = await build({
  entryPoints: [here("src/main.tsx"), here("src/page.css")],
  outdir: here("../assets"),
  entryNames: "page",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome120", "firefox121", "safari17"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  absWorkingDir: here("."),
  plugins: [emoji],
  write: false,
});

const files = new Map(result.outputFiles.map((file) => [file.path, file.text]));
const licences = await Promise.all(libraries.map(async (name) => {
  const { version } = JSON.parse(await readFile(here(`node_modules/${name}/package.json`), "utf8"));
  const licence = await readFile(here(`node_modules/${name}/LICENSE`), "utf8").catch(() => readFile(here(`node_modules/${name}/LICENSE.md`), "utf8"));
  return `${name} ${version}\n\n${licence.trim()}\n`;
}));
files.set(here("../assets/licences.txt"), `page.js holds parts of these libraries.\n\n${licences.join("\n----\n\n")}`);

let wrong = 0;
for (const [path, text] of files) {
  if (!process.argv.includes("--check")) {
    await writeFile(path, text);
    console.log(`${path}: ${Math.round(Buffer.byteLength(text) / 1024)} KB`);
  } else if (await readFile(path, "utf8").catch(() => "") !== text) {
    console.error(`${path} is not what the sources give: run \`make page\` and commit it.`);
    wrong++;
  }
}
process.exit(wrong ? 1 : 0);
