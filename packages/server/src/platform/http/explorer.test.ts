import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { startThings } from "#test/things-api";

const browserPath = "/usr/bin/chromium";

test.skipIf(!existsSync(browserPath))("the explorer shows the API without asking any other server for anything", async () => {
  const api = await startThings();
  await api.writeConsole("favicon.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).origin));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (thrown) => complaints.push(thrown.message));
    await page.goto(`${api.url}/api/v1/docs`);
    await page.getByText("/things/{id}").first().waitFor();
    expect([...new Set(asked)]).toEqual([api.url]);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    await api.drop();
  }
});
