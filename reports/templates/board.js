// SPDX-License-Identifier: Apache-2.0
// Sorting and filtering of a table that is complete without this script.
// The address keeps the state, so that a link shows others the same rows.
// Reads only the page, changes only what is shown; texts are never markup.
(function () {
	"use strict";

	const table = document.getElementById("board");
	const form = document.getElementById("filters");
	const count = document.getElementById("count");
	if (!table || !form || !count)
		return;

	const heads = Array.from(table.tHead.rows[0].cells);
	// A group is a body; its first row may be its heading.
	const groups = Array.from(table.tBodies, function (body) {
		const rows = Array.from(body.rows);
		const head = rows.length && rows[0].className === "league"
			? rows.shift() : null;
		return { body: body, head: head, rows: rows, first: rows.slice() };
	});
	const total = groups.reduce((n, g) => n + g.rows.length, 0);
	const said = count.textContent;
	const state = { sort: -1, down: false };

	// ---- sorting -----------------------------------------------------
	function keyOf(row, column, numeric) {
		const cell = row.cells[column];
		if (numeric)
			return cell.dataset.v === undefined
				? NaN : Number(cell.dataset.v);
		return cell.textContent;
	}

	const words = new Intl.Collator("en", { numeric: true });

	// Missing values last, whichever way; equal ones in the given order.
	function compare(numeric, down) {
		return function (a, b) {
			if (numeric && (isNaN(a.key) || isNaN(b.key)))
				return isNaN(a.key) - isNaN(b.key);
			const d = numeric ? a.key - b.key
				: words.compare(a.key, b.key);
			return down ? -d : d;
		};
	}

	function order(group, column, down) {
		const numeric = column >= 0 &&
			heads[column].dataset.sort === "num";
		if (column < 0)
			return group.first;
		return group.first
			.map((row) => ({ row: row, key: keyOf(row, column, numeric) }))
			.sort(compare(numeric, down))
			.map((entry) => entry.row);
	}

	function applySort() {
		groups.forEach(function (group) {
			const rows = order(group, state.sort, state.down);
			if (rows.every((row, i) => row === group.rows[i]))
				return;
			group.rows = rows;
			group.body.append.apply(group.body, rows);
		});
		heads.forEach(function (head, i) {
			if (i === state.sort)
				head.setAttribute("aria-sort", state.down
					? "descending" : "ascending");
			else
				head.removeAttribute("aria-sort");
		});
	}

	// Up, down, and back to the order of ranks.
	function nextSort(column) {
		const first = heads[column].dataset.sort === "num" && column > 0;
		if (state.sort !== column) {
			state.sort = column;
			state.down = first;
		} else if (state.down === first) {
			state.down = !first;
		} else {
			state.sort = -1;
		}
	}

	// ---- filtering ---------------------------------------------------
	const texts = new Map();

	function textOf(row) {
		if (!texts.has(row))
			texts.set(row, row.textContent.toLowerCase());
		return texts.get(row);
	}

	function filters() {
		const list = [];
		Array.from(form.elements).forEach(function (field) {
			if (field.name && field.value.trim())
				list.push([field.name, field.value.trim()]);
		});
		return list;
	}

	function fits(row, name, value) {
		if (name === "q")
			return value.toLowerCase().split(/\s+/).every(
				(word) => textOf(row).includes(word));
		if (name === "workload")
			return (row.dataset.workload || "").split(" ")
				.includes(value);
		return row.dataset[name] === value;
	}

	function applyFilters() {
		const list = filters();
		let shown = 0;
		groups.forEach(function (group) {
			let here = 0;
			group.rows.forEach(function (row) {
				const fit = list.every((f) => fits(row, f[0], f[1]));
				row.hidden = !fit;
				here += fit;
			});
			group.body.hidden = here === 0;
			shown += here;
		});
		count.textContent = list.length
			? shown + " of " + total + " shown" : said;
	}

	// ---- the address -------------------------------------------------
	function hash() {
		const params = new URLSearchParams(filters());
		if (state.sort >= 0)
			params.set("sort", (state.down ? "-" : "") + state.sort);
		return params.toString();
	}

	function keep() {
		const text = hash();
		history.replaceState(null, "", "#" + text);
		// Other tables show the same filter.
		document.querySelectorAll(".tabs a").forEach(function (link) {
			link.hash = text;
		});
	}

	// "#main" and "#rejected" are places on the page, not a state.
	function restore() {
		const text = location.hash.slice(1);
		if (text && !text.includes("="))
			return;
		const params = new URLSearchParams(text);
		Array.from(form.elements).forEach(function (field) {
			if (!field.name)
				return;
			field.value = params.get(field.name) || "";
			if (field.value === "" && field.tagName === "SELECT")
				field.selectedIndex = 0;
		});
		const sort = /^(-?)(\d+)$/.exec(params.get("sort") || "");
		state.sort = sort && heads[sort[2]] ? Number(sort[2]) : -1;
		state.down = Boolean(sort && sort[1]);
		applySort();
		applyFilters();
	}

	// ---- what people do ----------------------------------------------
	heads.forEach(function (head, i) {
		const button = document.createElement("button");
		button.type = "button";
		button.textContent = head.textContent;
		button.addEventListener("click", function () {
			nextSort(i);
			applySort();
			keep();
		});
		head.replaceChildren(button);
	});

	let waiting = 0;
	form.addEventListener("input", function () {
		clearTimeout(waiting);
		waiting = setTimeout(function () {
			applyFilters();
			keep();
		}, 80);
	});
	form.addEventListener("reset", function () {
		setTimeout(function () {
			applyFilters();
			keep();
		}, 0);
	});
	form.addEventListener("submit", (event) => event.preventDefault());
	window.addEventListener("hashchange", restore);

	form.hidden = false;
	restore();
	if (location.hash.includes("="))
		keep();
	performance.mark("board-usable");
})();
