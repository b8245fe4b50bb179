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

const { files, ignored } = JSON.parse(readFileSync(0, "utf8"));
const index = new FingerprintIndex(KGRAM, WINDOW);
ignored.forEach((tokens, n) => index.addIgnoredFile(tokenized(`given ${n}`, tokens)));
index.addFiles(files.map(({ name, tokens }) => tokenized(name, tokens)));
const pairs = index.allPairs("similarity").map((pair) => ({
	left: pair.leftFile.path,
	right: pair.rightFile.path,
	similarity: pair.similarity,
	longest: pair.longest,
}));
pairs.sort((one, other) => other.similarity - one.similarity || other.longest - one.longest);
console.log(JSON.stringify(pairs));
