// SPDX-License-Identifier: Apache-2.0
// What headless Chromium makes of a site of `oae board`: TAP on stdout.
//
//   node tests/board/browser.mjs SITE SITE-OF-1000 [PLAYWRIGHT]
//
// The pages come over file:// and, at the end, over http.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [site, large, library = "playwright-core"] = process.argv.slice(2);
const { chromium } = await import(library);
const LOADS = 3;
const USABLE_MS = 2000;
const READY_MS = 60000; // on any

let number = 0;
let failed = 0;

async function check(name, run) {
	number++;
	try {
		const said = await run();
		console.log(`ok ${number} - ${name}`);
		if (said)
			console.log(`# ${said}`);
	} catch (error) {
		failed++;
		console.log(`not ok ${number} - ${name}`);
		console.log(String(error.stack || error).replace(/^/gm, "# "));
	}
}

function equal(is, should, what = "") {
	const a = JSON.stringify(is), b = JSON.stringify(should);
	if (a !== b)
		throw new Error(`${what} is ${a}, not ${b}`);
}

function holds(is, what) {
	if (!is)
		throw new Error(what);
}

const browser = await chromium.launch({
	executablePath: process.env.OAE_CHROMIUM || "/usr/bin/chromium",
	args: ["--no-sandbox", "--disable-gpu"], // tests may be root
	timeout: READY_MS,
});

// Every page tells of what it asks for and of what goes wrong in it.
const complaints = [];
const requests = [];

async function open(options = {}) {
	const context = await browser.newContext({
		viewport: { width: 1366, height: 900 }, ...options });
	const page = await context.newPage();
	page.setDefaultTimeout(READY_MS);
	page.on("console", (m) => complaints.push(`${m.type()}: ${m.text()}`));
	page.on("pageerror", (e) => complaints.push(`error: ${e.message}`));
	page.on("request", (r) => requests.push(r.url()));
	return page;
}

const at = (folder, file, hash = "") =>
	pathToFileURL(path.join(folder, file)).href + hash;
const usable = (page) => page.waitForFunction(() =>
	performance.getEntriesByName("board-usable").length > 0);

async function visit(file, hash, options) {
	const page = await open(options);
	await page.goto(at(site, file, hash));
	await usable(page);
	return page;
}

// Rows that are shown, as texts of a column, by league.
const shown = (page, column) => page.evaluate((c) =>
	Array.from(document.querySelectorAll("#board tbody:not([hidden])"),
		(body) => Array.from(body.rows)
			.filter((row) => !row.hidden && row.className !== "league")
			.map((row) => row.cells[c].dataset.v !== undefined
				? Number(row.cells[c].dataset.v)
				: row.cells[c].textContent)), column);
const OAE = 3;
const HARDWARE = 11;
const sorted = (list, sign) => list.every((v, i) =>
	i === 0 || (v - list[i - 1]) * sign >= 0);

const page = await visit("index.html");

await check("the first rank comes first, leagues apart", async () => {
	const leagues = await shown(page, OAE);
	holds(leagues.length >= 2, "no second group");
	holds(sorted(leagues[0], -1), `not sorted: ${leagues[0]}`);
});

await check("sorting: up, down and back, leagues never mixed", async () => {
	const before = await shown(page, OAE);
	const head = page.getByRole("columnheader", { name: /^OAE/ });
	const button = head.getByRole("button");
	await button.click();
	equal(await head.getAttribute("aria-sort"), "descending");
	await button.click();
	equal(await head.getAttribute("aria-sort"), "ascending");
	const up = await shown(page, OAE);
	holds(sorted(up[0], 1), `not ascending: ${up[0]}`);
	equal(up.map((l) => l.length), before.map((l) => l.length));
	holds(page.url().includes("sort=3"), page.url());
	await button.click();
	equal(await head.getAttribute("aria-sort"), null);
	equal(await shown(page, OAE), before, "the third click");
});

await check("filtering by hardware, said to screen readers", async () => {
	const choice = page.getByLabel("Hardware");
	const total = (await shown(page, OAE)).flat().length;
	await choice.selectOption("Cortex-A76");
	await page.waitForFunction(() => document.getElementById("count")
		.textContent.includes("shown"));
	const left = (await shown(page, HARDWARE)).flat();
	holds(left.length > 0 && left.length < total, `${left.length} left`);
	holds(left.every((t) => t.startsWith("Cortex-A76")), left.join());
	const live = page.getByRole("status");
	equal(await live.textContent(), `${left.length} of ${total} shown`);
	await page.getByRole("button", { name: "Clear" }).click();
	await page.waitForFunction(() => !document.getElementById("count")
		.textContent.includes("shown"));
	equal((await shown(page, OAE)).flat().length, total);
});

await check("searching by words", async () => {
	await page.getByLabel("Search").fill("ACME run-0008");
	await page.waitForFunction(() => /^\d+ of/.test(
		document.getElementById("count").textContent));
	const left = (await shown(page, 2)).flat();
	holds(left.length > 0 && left.every((t) =>
		t.includes("acme") && t.includes("run-0008")), left.join());
	await page.getByLabel("Search").fill("nobody has this name");
	await page.waitForFunction(() => document.getElementById("count")
		.textContent.startsWith("0 of"));
	equal(await page.locator("#board tbody:visible").count(), 0);
});

await check("a link to a filtered and sorted table shows the same",
	async () => {
		await page.getByLabel("Search").fill("");
		await page.getByLabel("Status").selectOption("reproduced");
		await page.getByRole("columnheader", { name: /^Date/ })
			.getByRole("button").click();
		await page.waitForFunction(() =>
			location.hash.includes("status=reproduced") &&
			location.hash.includes("sort="));
		const other = await open();
		await other.goto(page.url());
		await usable(other);
		equal(await shown(other, OAE), await shown(page, OAE));
		equal(await other.getByLabel("Status").inputValue(), "reproduced");
		// A link to another table keeps the filter.
		await other.getByRole("navigation", { name: "Profile" })
			.getByRole("link", { name: "school" }).click();
		await usable(other);
		equal(await other.getByLabel("Status").inputValue(), "reproduced");
		holds((await other.title()).includes("school, machines"),
			await other.title());
		await other.context().close();
	});

await check("a hash that is no state breaks nothing", async () => {
	const other = await visit("index.html", "#sort=99&status=%00&x=<b>");
	holds((await shown(other, OAE)).flat().length > 0, "no rows");
	await other.goto(at(site, "index.html", "#main"));
	holds((await shown(other, OAE)).flat().length > 0, "no rows");
	await other.context().close();
});

await check("a row leads to its submission, and back", async () => {
	const other = await visit("index.html");
	const link = other.locator("#board tbody th[scope=row] a").first();
	await link.click();
	await other.waitForURL(/submissions\/[^/]+\/[^/]+\.html$/);
	holds(await other.locator("svg.curve").count() > 0, "no picture");
	holds(await other.getByRole("heading", { name: "Measured" })
		.isVisible(), "nothing measured");
	await other.getByRole("link", { name: "Leaderboard" }).click();
	await usable(other);
	await other.context().close();
});

await check("by keyboard alone: skip, filter, sort, open", async () => {
	const other = await visit("index.html");
	const name = () => other.evaluate(() => {
		const e = document.activeElement;
		return `${e.tagName} ${e.name || e.textContent.trim()}`;
	});
	const tabTo = async (wanted) => {
		for (let i = 0; i < 60; i++) {
			await other.keyboard.press("Tab");
			if ((await name()).startsWith(wanted))
				return;
		}
		throw new Error(`no way to ${wanted}; at ${await name()}`);
	};
	const outlined = () => other.evaluate(() => getComputedStyle(
		document.activeElement).outlineStyle);
	await other.keyboard.press("Tab");
	equal(await name(), "A Skip to the content");
	await other.keyboard.press("Enter");
	equal(await other.evaluate(() => document.activeElement.id), "main");
	await tabTo("SELECT verdict");
	holds(await outlined() !== "none", "no focus to be seen");
	await other.keyboard.press("P");
	await other.waitForFunction(() => /^\d+ of/.test(
		document.getElementById("count").textContent));
	await tabTo("BUTTON OAE");
	holds(await outlined() !== "none", "no focus to be seen");
	await other.keyboard.press("Enter");
	await other.keyboard.press("Space");
	holds(sorted((await shown(other, OAE))[0], 1), "not sorted");
	await tabTo("A made-up/");
	await other.keyboard.press("Enter");
	await other.waitForURL(/submissions\//);
	await other.context().close();
});

await check("names and roles in the accessibility tree", async () => {
	const other = await visit("index.html");
	const table = other.getByRole("table", { name: /machines on demand/ });
	equal(await table.count(), 1, "tables with that caption");
	equal(await table.getByRole("columnheader").count(), 13);
	holds(await table.getByRole("rowheader").count() > 10, "rowheaders");
	for (const name of ["Workload", "Hardware", "Evidence", "Status",
		"Verdict"])
		equal(await other.getByRole("combobox", { name, exact: true })
			.count(), 1, name);
	equal(await other.getByRole("searchbox", { name: "Search" }).count(),
		1);
	equal(await other.getByRole("main").count(), 1);
	equal(await other.getByRole("navigation").count(), 3);
	const current = other.locator(".tabs [aria-current=page]");
	equal(await current.count(), 2, "where one is");
	const tree = await other.locator("form").ariaSnapshot();
	holds(/form "Filters"/.test(tree), tree);
	// Every control has a name.
	const nameless = await other.evaluate(() => Array.from(
		document.querySelectorAll("a,button,input,select"))
		.filter((e) => !(e.textContent.trim() || e.labels?.length))
		.map((e) => e.outerHTML));
	equal(nameless, []);
	await other.context().close();
});

// WCAG 2: of every text against what is behind it.
const contrasts = (p) => p.evaluate(() => {
	const parse = (c) => c.match(/[\d.]+/g).map(Number);
	const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) =>
		v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor);
			if (c.length < 4 || c[3] > 0)
				return c;
		}
		return parse(getComputedStyle(document.body).backgroundColor);
	};
	const bad = new Set();
	for (const e of document.querySelectorAll("body *")) {
		if (!Array.from(e.childNodes).some((n) => n.nodeType === 3 &&
			n.data.trim()) || e.closest("svg,select"))
			continue;
		const a = light(parse(getComputedStyle(e).color));
		const b = light(behind(e));
		const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5)
			bad.add(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
	}
	return Array.from(bad);
});

await check("contrast of 4.5 in light and dark, everywhere", async () => {
	for (const colorScheme of ["light", "dark"]) {
		const other = await visit("index.html", "", { colorScheme });
		equal(await contrasts(other), [], colorScheme);
		await other.locator("#board tbody th[scope=row] a").first()
			.click();
		await other.waitForURL(/submissions\//);
		equal(await contrasts(other), [], colorScheme);
		await other.goto(at(site, "submissions.html"));
		equal(await contrasts(other), [], colorScheme);
		await other.context().close();
	}
});

await check("a phone needs no sideways scrolling of the page", async () => {
	const other = await visit("index.html", "",
		{ viewport: { width: 360, height: 740 } });
	const widths = () => other.evaluate(() => [
		document.documentElement.scrollWidth, innerWidth]);
	let [is, wide] = await widths();
	holds(is <= wide, `index: ${is} of ${wide}`);
	await other.locator("#board tbody th[scope=row] a").first().click();
	await other.waitForURL(/submissions\//);
	[is, wide] = await widths();
	holds(is <= wide, `submission: ${is} of ${wide}`);
	await other.context().close();
});

await check("nothing moves for those who asked for it", async () => {
	const other = await visit("index.html", "",
		{ reducedMotion: "reduce" });
	equal(await other.evaluate(() => getComputedStyle(
		document.documentElement).scrollBehavior), "auto");
	await other.context().close();
});

await check("without a script the table is complete", async () => {
	const other = await open({ javaScriptEnabled: false });
	await other.goto(at(site, "index.html"));
	equal(await other.getByRole("form").count(), 0, "dead filters");
	equal(await other.locator("#board button").count(), 0, "dead buttons");
	const rows = other.getByRole("table").getByRole("rowheader");
	const all = await page.evaluate(() => document.querySelectorAll(
		"#board th[scope=row]").length);
	equal(await rows.filter({ hasText: "made-up" }).count(), all);
	await other.context().close();
});

await check("the page of all submissions sorts and filters too", async () => {
	const other = await visit("submissions.html");
	await other.getByLabel("Status").selectOption("disputed");
	await other.waitForFunction(() => /^\d+ of/.test(
		document.getElementById("count").textContent));
	holds((await shown(other, 2)).flat().every((t) => t === "disputed"),
		"others are shown");
	await other.context().close();
});

await check("a policy that lets no foreign script run", async () => {
	const other = await visit("index.html");
	const before = complaints.length;
	const ran = await other.evaluate(() => {
		const script = document.createElement("script");
		script.textContent = "window.ran = true";
		document.body.append(script);
		return Boolean(window.ran);
	});
	equal(ran, false);
	complaints.splice(before); // the refusal is a complaint
	await other.context().close();
});

// ---- 1,000 submissions ----------------------------------------------

// The page's main thread's CPU time so far, in ms.
async function cpuOf(session) {
	const { metrics } = await session.send("Performance.getMetrics");
	return 1000 * metrics.find((m) => m.name === "TaskDuration").value;
}

// Until what was done now has been painted.
const painted = (p, act) => p.evaluate((code) => new Promise((done) => {
	const start = performance.now();
	new Function(code)();
	requestAnimationFrame(() => setTimeout(() =>
		done([performance.now() - start, performance.now()]), 0));
}), act);
const middle = (list) => list.sort((a, b) => a - b)[
	Math.floor(list.length / 2)];

await check("1,000 submissions are usable in 2 s", async () => {
	const times = [], sorts = [], cpus = [];
	let rows = 0;
	for (let i = 0; i < LOADS; i++) {
		const other = await open();
		const session = await other.context().newCDPSession(other);
		await session.send("Performance.enable",
			{ timeDomain: "threadTicks" });
		await other.goto(at(large, "index.html"));
		await usable(other);
		// Since the navigation began: parsed, laid out, painted.
		times.push((await painted(other, ""))[1]);
		cpus.push(await cpuOf(session));
		sorts.push((await painted(other, "document.querySelectorAll(" +
			"'#board th button')[3].click()"))[0]);
		rows = await other.evaluate(() => document.querySelectorAll(
			"#board th[scope=row]").length);
		await other.context().close();
	}
	holds(rows >= 1000, `${rows} rows`);
	// What the page itself takes; other programs don't count.
	holds(Math.min(...cpus) < USABLE_MS, `${Math.min(...cpus)} ms of CPU`);
	return `${rows} rows: usable after ${middle(times).toFixed(0)} ms` +
		` (median of ${LOADS}; ${Math.min(...times).toFixed(0)} at best),` +
		` ${middle(cpus).toFixed(0)} ms of CPU time; sorted after` +
		` ${middle(sorts).toFixed(0)} ms`;
});

await check("the first of many rows are drawn, and all on demand", async () => {
	const other = await open();
	await other.goto(at(large, "index.html"));
	await usable(other);
	const drawn = async () => (await shown(other, OAE)).flat().length;
	const all = await other.evaluate(() => document.querySelectorAll(
		"#board th[scope=row]").length);
	const first = await drawn();
	holds(first < all / 2, `${first} of ${all}`);
	// A filter looks at all of them, not at those that are drawn.
	await other.getByLabel("Search").fill("run-0999");
	await other.waitForFunction(() => /^\d+ of/.test(
		document.getElementById("count").textContent));
	holds(await drawn() > 0, "the last one was not found");
	await other.getByRole("button", { name: "Clear" }).click();
	await other.getByRole("button", { name: /Show all/ }).click();
	equal(await drawn(), all);
	equal(await other.getByRole("button", { name: /Show all/ }).count(), 0);
	await other.context().close();
});

// ---- over http --------------------------------------------------------

const types = { ".html": "text/html", ".css": "text/css",
	".js": "text/javascript", ".json": "application/json",
	".csv": "text/csv" };
const server = createServer(async (request, response) => {
	const name = path.normalize(new URL(request.url, "http://x").pathname);
	try {
		const data = await readFile(path.join(site, name));
		response.writeHead(200,
			{ "content-type": types[path.extname(name)] || "text/plain" });
		response.end(data);
	} catch {
		response.writeHead(404);
		response.end();
	}
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const origin = `http://127.0.0.1:${server.address().port}`;

await check("it works over http as well", async () => {
	const other = await open();
	await other.goto(`${origin}/index.html#status=reproduced&sort=-3`);
	await usable(other);
	holds((await shown(other, 5)).flat().every((t) => t === "reproduced"),
		"the filter does not hold");
	await other.locator("#board tbody tr:visible th[scope=row] a").first()
		.click();
	await other.waitForURL(/submissions\//);
	await other.context().close();
});
server.close();

await check("no page asked for anything that is not the site's", async () => {
	const foreign = requests.filter((url) =>
		!url.startsWith("file:///") && !url.startsWith(`${origin}/`));
	equal(foreign.filter((u) => !u.endsWith("/favicon.ico")), []);
	return `${requests.length} requests`;
});

await check("no page complained", async () => {
	equal(complaints.filter((c) => !c.includes("favicon.ico") &&
		!c.includes("404")), []);
});

await browser.close();
console.log(`1..${number}`);
process.exitCode = failed ? 1 : 0;
