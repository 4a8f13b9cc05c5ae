// SPDX-License-Identifier: Apache-2.0
// Sorting and filtering of a table that is complete without this script.
// The address keeps the state, so that a link shows others the same rows.
// Reads only the page, changes only what is shown; texts are never markup.
(function () {
	"use strict";

	// Rows of a group that are drawn at first: drawing thousands takes
	// seconds, and few people read on. The style sheet hides the others
	// while the page arrives.
	const FIRST = 100;
	document.documentElement.classList.add("arriving");
	document.addEventListener("DOMContentLoaded", begin);

	function begin() {
		const table = document.getElementById("board");
		const form = document.getElementById("filters");
		const count = document.getElementById("count");
		const more = document.getElementById("more");
		if (!table || !form || !count || !more)
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
		const state = { sort: -1, down: false, all: false };

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

		// Shows what fits, the first of each group unless all are wanted.
		function show() {
			const list = filters();
			let fitting = 0, drawn = 0;
			groups.forEach(function (group) {
				let here = 0;
				group.rows.forEach(function (row) {
					const fit = list.every((f) => fits(row, f[0], f[1]));
					here += fit;
					row.hidden = !fit || (!state.all && here > FIRST);
					drawn += !row.hidden;
				});
				group.body.hidden = here === 0;
				fitting += here;
			});
			const text = list.length
				? fitting + " of " + total + " shown" : said;
			if (count.textContent !== text)
				count.textContent = text;
			more.hidden = drawn === fitting;
			more.textContent = "Show all " + fitting + " rows (now the first " +
				FIRST + " of each group)";
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
			show();
		}

		// ---- what people do ----------------------------------------------
		heads.forEach(function (head, i) {
			const button = document.createElement("button");
			button.type = "button";
			button.textContent = head.textContent;
			button.addEventListener("click", function () {
				nextSort(i);
				applySort();
				show();
				keep();
			});
			head.replaceChildren(button);
		});

		let waiting = 0;
		form.addEventListener("input", function () {
			clearTimeout(waiting);
			waiting = setTimeout(function () {
				show();
				keep();
			}, 80);
		});
		form.addEventListener("reset", function () {
			setTimeout(function () {
				show();
				keep();
			}, 0);
		});
		form.addEventListener("submit", (event) => event.preventDefault());
		function showAll() {
			state.all = true;
			show();
		}
		more.addEventListener("click", function () {
			showAll();
			table.parentElement.focus();
		});
		window.addEventListener("beforeprint", showAll);
		window.addEventListener("hashchange", restore);

		form.hidden = false;
		restore();
		document.documentElement.classList.remove("arriving");
		if (location.hash.includes("="))
			keep();
		performance.mark("board-usable");
	}
})();
