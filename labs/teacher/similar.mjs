/*
 * How much pairs of token sequences have in common, by winnowed fingerprints (dolos-core).
 * Standard input: { files: [{ name, tokens }], ignored: [tokens] }.  Standard output: an array of
 * { left, right, similarity, longest }, the most alike first.
 */
import { readFileSync } from "node:fs";
import { File, FingerprintIndex, Region, TokenizedFile } from "@dodona/dolos-core";

const KGRAM = 12; // tokens that a fingerprint covers
const WINDOW = 8; // fingerprints of which one is kept

function tokenized(name, tokens) {
	const regions = tokens.map((_, row) => new Region(row, 0, row, 1));
	return new TokenizedFile(new File(name, tokens.join("\n")), tokens, regions);
}

/* Fingerprints of a file that are not in what was given. */
function own(entry) {
	let given = 0;
	for (const fingerprint of entry.ignored)
		given += fingerprint.occurrencesOf(entry.file).length;
	return entry.kgrams.length - given;
}

/* Our own sum: the package's takes for the right file what was ignored in the left one. */
function similarity(pair) {
	const total = own(pair.leftEntry) + own(pair.rightEntry);
	return total ? (pair.leftCovered + pair.rightCovered) / total : 0;
}

const { files, ignored } = JSON.parse(readFileSync(0, "utf8"));
const index = new FingerprintIndex(KGRAM, WINDOW);
index.addFiles(files.map(({ name, tokens }) => tokenized(name, tokens)));
/* Behind the others: the package ignores a fingerprint only in files that it knows already. */
ignored.forEach((tokens, n) => index.addIgnoredFile(tokenized(`given ${n}`, tokens)));
const pairs = index.allPairs("similarity").map((pair) => ({
	left: pair.leftFile.path,
	right: pair.rightFile.path,
	similarity: similarity(pair),
	longest: pair.longest,
}));
pairs.sort((one, other) => other.similarity - one.similarity || other.longest - one.longest);
console.log(JSON.stringify(pairs));
