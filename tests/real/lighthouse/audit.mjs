// Asks Lighthouse about pages that are being served, and says what costs them points.
//
// Usage: node audit.mjs LIGHTHOUSE CHROMIUM PROFILE URL...
//
// LIGHTHOUSE is the folder that tests/setup made from package-lock.json beside this file. Accessibility
// and best practices are asked about, on a phone, and for the first page on a desktop too. Prints one line for each audit that
// does not pass, and nothing when every page has 100 of 100 in both.

import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, chromium, profile, ...urls] = process.argv.slice(2);
const require = createRequire(path.resolve(folder, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { default: lighthouse, desktopConfig } = await load("lighthouse");
const { launch } = await load("chrome-launcher");

const chrome = await launch({
  chromePath: chromium,
  userDataDir: profile,
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
// How fast a page is was not asked: nothing is slowed down, nothing is waited for once it is there, and no picture is taken.
// A slow network is simulated afterwards at most, which neither category asks for: with the other methods Lighthouse
// waits five seconds for quiet, whatever is said below.
const HASTE = {
  throttlingMethod: "simulate",
  skipAboutBlank: true,
  pauseAfterFcpMs: 0,
  pauseAfterLoadMs: 0,
  networkQuietThresholdMs: 0,
  cpuQuietThresholdMs: 0,
  maxWaitForLoad: 20_000,
  disableFullPageScreenshot: true,
};
const categories = ["accessibility", "best-practices"];
try {
  for (const [device, config, some] of [["phone", undefined, urls], ["desktop", desktopConfig, urls.slice(0, 1)]]) {
    for (const url of some) {
      const options = { port: chrome.port, onlyCategories: categories, logLevel: "silent", ...HASTE };
      const result = await lighthouse(url, options, config);
      if (result.lhr.runtimeError) {
        console.log(`${device} ${url}: ${result.lhr.runtimeError.message}`);
        continue;
      }
      for (const name of categories) {
        const category = result.lhr.categories[name];
        if (category.score === 1) {
          continue;
        }
        console.log(`${device} ${url}: ${name} ${category.score === null ? "unknown" : Math.round(category.score * 100)}`);
        for (const reference of category.auditRefs.filter((it) => it.weight > 0)) {
          const audit = result.lhr.audits[reference.id];
          if (audit.score !== 1 && audit.scoreDisplayMode !== "notApplicable") {
            const items = (audit.details?.items ?? []).slice(0, 3).map((it) => JSON.stringify(it).slice(0, 300));
            console.log(`  ${audit.id}: ${audit.title}${items.length > 0 ? ` ${items.join(" ")}` : ""}`);
          }
        }
      }
    }
  }
} finally {
  await chrome.kill();
}
