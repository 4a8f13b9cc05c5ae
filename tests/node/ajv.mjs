// SPDX-License-Identifier: Apache-2.0
// What ajv says: the same lines in and out as tests/unit/validate_batch.c.
import Ajv2020 from "ajv/dist/2020.js";
import { createInterface } from "node:readline";

let validate = null;
const out = [];
for await (const line of createInterface({ input: process.stdin })) {
	const text = line.slice(1);
	try {
		if (line[0] === "S") {
			validate = null;
			validate = new Ajv2020.default({
				strict: false,
				logger: false,
			}).compile(JSON.parse(text));
			out.push("ok");
		} else {
			out.push(validate(JSON.parse(text)) ? "1" : "0");
		}
	} catch (e) {
		const why = String(e.message).replace(/\s+/g, " ");
		out.push((line[0] === "S" ? "bad " : "? ") + why);
	}
}
process.stdout.write(out.join("\n") + "\n");
